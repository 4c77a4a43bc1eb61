#include <fstream>
#include <limits>
#include <string>

#include <catch2/catch.hpp>
#include <rocksdb/status.h>

#include "connectors/rocksdb/errors.hpp"
#include "connectors/rocksdb/holders.hpp"
#include "connectors/rocksdb/key_codec.hpp"
#include "support/topic_log_fixture.hpp"

using namespace bora;
using namespace bora::store;
using bora::log::testing::ScratchDirectory;

namespace {

DatabaseOptions options_for(const std::filesystem::path& path) {
  FamilyOptions raw;
  raw.name = "raw";
  raw.ascending_prefix_bytes = 8;
  DatabaseOptions options;
  options.path = path;
  options.families = {raw};
  return options;
}

std::string key_of(std::uint64_t number) {
  std::string key;
  append_u64(key, number);
  return key;
}

}  // namespace

TEST_CASE("a database is made with its directories and opens again with what it holds") {
  const ScratchDirectory directory;
  const DatabaseOptions options = options_for(directory.path() / "a" / "b");
  {
    auto database = Database::open(options);
    REQUIRE(database);
    Database& db = **database;
    CHECK(db->Put({}, db.family("raw"), "k", "in raw").ok());
    CHECK(db->Put({}, db.family("default"), "k", "in default").ok());
  }
  auto database = Database::open(options);
  REQUIRE(database);
  std::string value;
  CHECK((**database)->Get({}, (*database)->family("raw"), "k", &value).ok());
  CHECK(value == "in raw");
}

TEST_CASE("a family on disk that nobody names does not keep the database from opening") {
  const ScratchDirectory directory;
  REQUIRE(Database::open(options_for(directory.path())));
  DatabaseOptions without = options_for(directory.path());
  without.families.clear();
  CHECK(Database::open(without));
}

TEST_CASE("a database that is open already is refused as unavailable, with the path and the mend") {
  const ScratchDirectory directory;
  const auto first = Database::open(options_for(directory.path()));
  REQUIRE(first);
  const auto second = Database::open(options_for(directory.path()));
  REQUIRE_FALSE(second);
  CHECK(second.error().kind == ErrorKind::kUnavailable);
  CHECK_THAT(second.error().message, Catch::Contains(directory.path().string()));
  CHECK_THAT(second.error().message, Catch::Contains("stop that one, or use another directory"));
}

TEST_CASE("a path that is a file is refused as invalid") {
  const ScratchDirectory directory;
  const auto path = directory.path() / "file";
  std::ofstream{path} << "x";
  const auto opened = Database::open(options_for(path));
  REQUIRE_FALSE(opened);
  CHECK(opened.error().kind == ErrorKind::kInvalid);
  CHECK_THAT(opened.error().message, Catch::Contains(path.string()));
}

TEST_CASE("reading only finds what was written, makes nothing, and refuses to write") {
  const ScratchDirectory directory;
  const DatabaseOptions options = options_for(directory.path() / "db");
  const auto missing = Database::open_read_only(options);
  REQUIRE_FALSE(missing);
  CHECK(missing.error().kind == ErrorKind::kNotFound);
  CHECK_FALSE(std::filesystem::exists(options.path));
  {
    auto database = Database::open(options);
    REQUIRE(database);
    REQUIRE((**database)->Put({}, (*database)->family("raw"), "k", "v").ok());
  }
  auto database = Database::open_read_only(options);
  REQUIRE(database);
  std::string value;
  CHECK((**database)->Get({}, (*database)->family("raw"), "k", &value).ok());
  CHECK_FALSE((**database)->Put({}, (*database)->family("raw"), "k", "w").ok());
}

TEST_CASE("an outcome of the database says what was tried, where, and what to do") {
  const auto said = [](const rocksdb::Status& status) {
    return translate(status, "append records", "/data/topics");
  };
  CHECK(said(rocksdb::Status::OK()));

  const Status full = said(rocksdb::Status::NoSpace("No space left on device"));
  REQUIRE_FALSE(full);
  CHECK(full.is_retryable());
  CHECK_THAT(std::string{full.message()},
             Catch::StartsWith("could not append records in /data/topics"));
  CHECK_THAT(std::string{full.message()}, Catch::Contains("disk is full"));
  const Status behind = said(rocksdb::Status::Incomplete("IO error: No space left on device"));
  CHECK_THAT(std::string{behind.message()}, Catch::Contains("disk is full"));

  CHECK(said(rocksdb::Status::Corruption("bad block")).error().kind == ErrorKind::kCorrupt);
  CHECK(said(rocksdb::Status::NotFound("x")).error().kind == ErrorKind::kNotFound);
  CHECK(said(rocksdb::Status::InvalidArgument("x")).error().kind == ErrorKind::kInvalid);
  CHECK(said(rocksdb::Status::Busy("x")).is_retryable());
  CHECK(said(rocksdb::Status::IOError("x")).is_retryable());
  CHECK(said(rocksdb::Status::ShutdownInProgress("x")).error().kind == ErrorKind::kClosed);
}

TEST_CASE("keys of numbers sort as the numbers do and read back") {
  constexpr auto kMax = std::numeric_limits<std::uint64_t>::max();
  CHECK(key_of(255) < key_of(256));
  CHECK(key_of(1) < key_of(kMax));
  for (const std::uint64_t number : {std::uint64_t{0}, std::uint64_t{0x0102030405060708}, kMax})
    CHECK(read_u64(key_of(number), 0) == number);
  std::string key;
  append_u16(key, 0xfffe);
  append_u32(key, 0xfffffffd);
  CHECK(read_u16(key, 0) == 0xfffe);
  CHECK(read_u32(key, 2) == 0xfffffffd);
}

TEST_CASE("the bound of a prefix sorts after every key that has it") {
  CHECK(after_prefix("ab") == "ac");
  CHECK(after_prefix(std::string("a\xff", 2)) == "b");
  CHECK(after_prefix("\xff\xff").empty());
  CHECK(after_prefix("").empty());
}
