# Compiler settings that hold for every target of the project.
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()

find_program(BORA_CCACHE ccache)
if(BORA_CCACHE)
  set(CMAKE_C_COMPILER_LAUNCHER ${BORA_CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${BORA_CCACHE})
endif()

add_library(bora_compiler INTERFACE)
target_compile_options(bora_compiler INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Woverloaded-virtual -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC 12 reports these on correct libstdc++ and Catch2 code once it inlines deeply.
  target_compile_options(bora_compiler INTERFACE -Wno-maybe-uninitialized -Wno-restrict
                         -Wno-stringop-overflow -Wno-array-bounds)
  # TSan cannot see stand-alone fences: we write none, but Asio does.
  if(BORA_SANITIZE MATCHES "thread")
    target_compile_options(bora_compiler INTERFACE -Wno-tsan)
  endif()
endif()
if(BORA_SANITIZE)
  target_compile_options(bora_compiler INTERFACE -fsanitize=${BORA_SANITIZE} -fno-omit-frame-pointer)
  target_link_options(bora_compiler INTERFACE -fsanitize=${BORA_SANITIZE})
  if(BORA_SANITIZE MATCHES "undefined")
    target_compile_options(bora_compiler INTERFACE -fno-sanitize-recover=undefined)
  endif()
endif()

set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
