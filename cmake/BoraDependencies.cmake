# Third-party libraries, each behind one name. docs/dependencies.md says why each is here.
find_package(PkgConfig REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(RocksDB REQUIRED)
find_package(fmt REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(CLI11 REQUIRED)
pkg_check_modules(SIMDJSON REQUIRED IMPORTED_TARGET simdjson)
pkg_check_modules(RDKAFKA REQUIRED IMPORTED_TARGET rdkafka>=2.0.2)
pkg_check_modules(SQLITE3 REQUIRED IMPORTED_TARGET sqlite3>=3.37)
pkg_check_modules(HIREDIS REQUIRED IMPORTED_TARGET hiredis)
find_package(prometheus-cpp REQUIRED CONFIG)

# Boost 1.81 is pinned: Debian's default 1.74 does not compile Asio coroutines under C++20.
set(Boost_NO_WARN_NEW_VERSIONS ON)
find_package(Boost 1.81 REQUIRED)

if(BORA_TESTS)
  find_package(Catch2 2 REQUIRED)
  include(Catch)
  find_package(rapidcheck REQUIRED)
endif()
if(BORA_BENCHMARKS)
  find_package(benchmark REQUIRED)
endif()

# jemalloc in the programs: memory that one thread allocates and another frees is the usual case
# here. Sanitizers bring an allocator of their own.
add_library(bora_allocator INTERFACE)
if(NOT BORA_SANITIZE)
  pkg_check_modules(JEMALLOC REQUIRED IMPORTED_TARGET jemalloc)
  target_link_libraries(bora_allocator INTERFACE PkgConfig::JEMALLOC)
endif()
