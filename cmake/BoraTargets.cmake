# One call per library, program, test and benchmark, so that flags and include roots are set once.

# bora_library(NAME SOURCES a.cpp ... [DEPS public targets] [PRIVATE_DEPS third-party targets])
function(bora_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS;PRIVATE_DEPS" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR})
  target_link_libraries(${name} PUBLIC bora_api ${ARG_DEPS} PRIVATE bora_compiler ${ARG_PRIVATE_DEPS})
endfunction()

# bora_program(NAME SOURCES main.cpp ... DEPS targets)
function(bora_program name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR})
  target_link_libraries(${name} PRIVATE bora_compiler ${ARG_DEPS} bora_allocator)
endfunction()

# bora_tests_<label> builds the tests of one label, for scripts that need only those.
set(BORA_TEST_LABELS unit property simulation threads integration services e2e fuzz)
if(BORA_TESTS)
  foreach(label IN LISTS BORA_TEST_LABELS)
    add_custom_target(bora_tests_${label})
  endforeach()
endif()

# ThreadSanitizer sees the memory that RocksDB and libstdc++ touch (they call memcpy, free) but not
# the atomics by which they order it, as Debian builds them without it: their accesses are left out.
# Their locks still count, and so does every access of ours.
set(BORA_TEST_ENVIRONMENT "")
if(BORA_SANITIZE MATCHES "thread")
  set(BORA_TEST_ENVIRONMENT
      ENVIRONMENT "TSAN_OPTIONS=ignore_noninstrumented_modules=1:second_deadlock_stack=1")
elseif(BORA_SANITIZE MATCHES "undefined")
  set(BORA_TEST_ENVIRONMENT ENVIRONMENT "UBSAN_OPTIONS=print_stacktrace=1")
endif()

# bora_test(NAME LABEL unit|property|... SOURCES ... DEPS ... [TIMEOUT s] [SERIAL])
# Every test case becomes one ctest entry; a case that outlives the timeout fails. SERIAL: none of
# them runs beside another test, as they take servers away that others use.
function(bora_test name)
  cmake_parse_arguments(ARG "SERIAL" "LABEL;TIMEOUT" "SOURCES;DEPS" ${ARGN})
  if(NOT ARG_LABEL IN_LIST BORA_TEST_LABELS)
    message(FATAL_ERROR "bora_test(${name}): LABEL '${ARG_LABEL}' is none of ${BORA_TEST_LABELS}")
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 120)
  endif()
  set(serial "")
  if(ARG_SERIAL)
    set(serial RUN_SERIAL TRUE)
  endif()
  add_executable(${name} ${ARG_SOURCES})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/tests)
  target_link_libraries(${name} PRIVATE bora_compiler bora_api bora_catch_main ${ARG_DEPS})
  add_dependencies(bora_tests_${ARG_LABEL} ${name})
  catch_discover_tests(${name}
    TEST_PREFIX "${ARG_LABEL}: "
    PROPERTIES LABELS ${ARG_LABEL} TIMEOUT ${ARG_TIMEOUT} ${serial} ${BORA_TEST_ENVIRONMENT})
endfunction()

# bora_benchmark(NAME SOURCES ... DEPS ...)
function(bora_benchmark name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR})
  target_link_libraries(${name} PRIVATE bora_compiler ${ARG_DEPS} bora_allocator)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bench)
endfunction()
