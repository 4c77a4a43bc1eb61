#include <filesystem>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "connectors/rocksdb/holders.hpp"
#include "support/temporary_directory.hpp"
#include "topologies/raw/archive.hpp"

using namespace bora;
using namespace bora::raw;
using coldchain::DeviceId;

namespace {

ArchiveEntry entry(std::uint64_t device, std::int64_t inserted, std::uint32_t partition,
                   std::int64_t offset, std::string_view message = "{}") {
  return {.device_id = DeviceId{device},
          .inserted = from_millis(inserted),
          .measured = from_millis(inserted - 1000),
          .partition = partition,
          .offset = offset,
          .message = message};
}

std::unique_ptr<Archive> open(const std::filesystem::path& path) {
  auto archive = Archive::open({.path = path, .durability = ArchiveOptions::Durability::kUnsynced});
  INFO(archive.status().message());
  REQUIRE(archive);
  return *std::move(archive);
}

void put(Archive& archive, const std::vector<ArchiveEntry>& entries) {
  const Status status = archive.put(entries);
  INFO(status.message());
  REQUIRE(status);
}

/// "device/inserted/partition/offset" of each entry scanned.
std::vector<std::string> listed(ArchiveScan scan) {
  std::vector<std::string> names;
  while (scan.next()) {
    const ArchiveEntry& at = scan.entry();
    names.push_back(std::to_string(to_uint(at.device_id)) + "/" +
                    std::to_string(to_millis(at.inserted)) + "/" + std::to_string(at.partition) +
                    "/" + std::to_string(at.offset));
  }
  INFO(scan.status().message());
  CHECK(scan.status());
  return names;
}

std::uint64_t checked_count(const ArchiveReader& reader) {
  const auto count = reader.count();
  const auto recount = reader.recount();
  REQUIRE(count);
  REQUIRE(recount);
  CHECK(*count == *recount);
  return *count;
}

/// Changes what an archive holds behind its back.
void overwrite(const std::filesystem::path& path, std::string_view family, std::string_view key,
               std::string_view value) {
  store::DatabaseOptions options;
  options.path = path;
  store::FamilyOptions entries;
  entries.name = "raw";
  options.families = {entries};
  auto database = store::Database::open(options);
  REQUIRE(database);
  REQUIRE((*database)
              ->get()
              .Put({}, (*database)->family(family), store::slice(key), store::slice(value))
              .ok());
}

}  // namespace

TEST_CASE("an entry comes back byte for byte") {
  const testing::TemporaryDirectory directory;
  const auto archive = open(directory.path());
  const std::string message{"any \0 bytes \xff\n", 14};
  put(*archive, {entry(7, 5000, 3, 42, message)});
  ArchiveScan scan = archive->reader().scan(DeviceId{7});
  REQUIRE(scan.next());
  CHECK(scan.entry().device_id == DeviceId{7});
  CHECK(scan.entry().inserted == from_millis(5000));
  CHECK(scan.entry().measured == from_millis(4000));
  CHECK(scan.entry().partition == 3);
  CHECK(scan.entry().offset == 42);
  CHECK(scan.entry().message == message);
  CHECK_FALSE(scan.next());
  CHECK_FALSE(scan.next());
}

TEST_CASE("a scan gives one device in the order of insertion time, partition and offset") {
  const testing::TemporaryDirectory directory;
  const auto archive = open(directory.path());
  put(*archive, {entry(2, 300, 0, 3), entry(1, 256, 1, 0), entry(2, 255, 0, 2), entry(2, 255, 0, 1),
                 entry(3, 1, 0, 9), entry(2, -5, 9, 7), entry(2, 300, 0, 256)});
  CHECK(listed(archive->reader().scan(DeviceId{2})) ==
        std::vector<std::string>{"2/-5/9/7", "2/255/0/1", "2/255/0/2", "2/300/0/3", "2/300/0/256"});
}

TEST_CASE("the start of a scan is included, its end is not") {
  const testing::TemporaryDirectory directory;
  const auto archive = open(directory.path());
  put(*archive, {entry(2, 100, 0, 0), entry(2, 200, 0, 1), entry(2, 300, 0, 2)});
  CHECK(listed(archive->reader().scan(DeviceId{2}, from_millis(100), from_millis(300))) ==
        std::vector<std::string>{"2/100/0/0", "2/200/0/1"});
  CHECK(listed(archive->reader().scan(DeviceId{2}, from_millis(101), from_millis(200))).empty());
  CHECK(listed(archive->reader().scan(DeviceId{2}, from_millis(300), from_millis(100))).empty());
  CHECK(listed(archive->reader().scan(DeviceId{1})).empty());
}

TEST_CASE("the largest device and the largest time have a place") {
  const testing::TemporaryDirectory directory;
  const auto archive = open(directory.path());
  put(*archive, {entry(UINT64_MAX, INT64_MAX, UINT32_MAX, INT64_MAX), entry(UINT64_MAX, 0, 0, 0),
                 entry(0, 0, 0, 1)});
  CHECK(listed(archive->reader().scan(DeviceId{UINT64_MAX})).size() == 2);
  CHECK(*archive->reader().devices() == std::vector<DeviceId>{DeviceId{0}, DeviceId{UINT64_MAX}});
  CHECK(checked_count(archive->reader()) == 3);
}

TEST_CASE("the same record put twice leaves one entry") {
  const testing::TemporaryDirectory directory;
  {
    const auto archive = open(directory.path());
    put(*archive, {entry(1, 10, 0, 0), entry(2, 10, 0, 1), entry(1, 10, 0, 0)});
    CHECK(checked_count(archive->reader()) == 2);
    put(*archive, {entry(1, 10, 0, 0), entry(1, 11, 0, 2)});
    CHECK(checked_count(archive->reader()) == 3);
  }
  const auto archive = open(directory.path());
  put(*archive, {entry(1, 11, 0, 2), entry(1, 12, 0, 3), entry(2, 10, 0, 1), entry(1, 12, 0, 3)});
  CHECK(checked_count(archive->reader()) == 4);
}

TEST_CASE("equal messages of two records are two entries") {
  const testing::TemporaryDirectory directory;
  const auto archive = open(directory.path());
  put(*archive, {entry(1, 10, 0, 0), entry(1, 10, 0, 1), entry(1, 10, 1, 0)});
  CHECK(checked_count(archive->reader()) == 3);
}

TEST_CASE("offsets that come late or again from a new topic are counted") {
  const testing::TemporaryDirectory directory;
  {
    const auto archive = open(directory.path());
    put(*archive, {entry(1, 10, 0, 100)});
    put(*archive, {entry(1, 10, 0, 50)});
    CHECK(checked_count(archive->reader()) == 2);
  }
  const auto archive = open(directory.path());
  put(*archive, {entry(1, 10, 0, 70), entry(1, 99, 0, 100)});
  CHECK(checked_count(archive->reader()) == 4);
}

TEST_CASE("an empty archive counts nothing and has no devices") {
  const testing::TemporaryDirectory directory;
  const auto archive = open(directory.path());
  put(*archive, {});
  CHECK(checked_count(archive->reader()) == 0);
  CHECK(archive->reader().devices()->empty());
}

TEST_CASE("another process reads an archive while its owner writes") {
  const testing::TemporaryDirectory directory;
  const auto archive = open(directory.path());
  put(*archive, {entry(1, 10, 0, 0)});
  const auto reader = ArchiveReader::open(directory.path());
  INFO(reader.status().message());
  REQUIRE(reader);
  CHECK(checked_count(**reader) == 1);
  put(*archive, {entry(1, 11, 0, 1), entry(2, 11, 0, 2)});
  CHECK(checked_count(**reader) == 1);
  REQUIRE((*reader)->refresh());
  CHECK(checked_count(**reader) == 3);
  CHECK(listed((*reader)->scan(DeviceId{1})) == std::vector<std::string>{"1/10/0/0", "1/11/0/1"});
  CHECK(*(*reader)->devices() == std::vector<DeviceId>{DeviceId{1}, DeviceId{2}});
  CHECK((*reader)->stats()->entries == 3);
}

TEST_CASE("an archive has one owner") {
  const testing::TemporaryDirectory directory;
  const auto archive = open(directory.path());
  const auto second = Archive::open({.path = directory.path()});
  REQUIRE_FALSE(second);
  CHECK(second.error().kind == ErrorKind::kUnavailable);
}

TEST_CASE("a reader says what is wrong with the path") {
  const testing::TemporaryDirectory directory;
  CHECK(ArchiveReader::open(directory.path() / "nothing").error().kind == ErrorKind::kNotFound);
  store::DatabaseOptions other;
  other.path = directory.path() / "other";
  { REQUIRE(store::Database::open(other)); }
  const auto reader = ArchiveReader::open(other.path);
  REQUIRE_FALSE(reader);
  CHECK(reader.error().kind == ErrorKind::kInvalid);
  CHECK(reader.error().message.find("no archive") != std::string::npos);
}

TEST_CASE("an archive of an unknown version is refused by owner and reader") {
  const testing::TemporaryDirectory directory;
  { open(directory.path()); }
  overwrite(directory.path(), "default", "format", "bora raw archive 2");
  const auto owner = Archive::open({.path = directory.path()});
  REQUIRE_FALSE(owner);
  CHECK(owner.error().kind == ErrorKind::kInvalid);
  CHECK(owner.error().message.find("bora raw archive 2") != std::string::npos);
  CHECK(ArchiveReader::open(directory.path()).error().kind == ErrorKind::kInvalid);
}

TEST_CASE("an entry of an unknown form ends a scan with an error") {
  const testing::TemporaryDirectory directory;
  {
    const auto archive = open(directory.path());
    put(*archive, {entry(1, 10, 0, 0)});
  }
  const std::string key{"\0\0\0\0\0\0\0\1\x80\0\0\0\0\0\0\x0b\0\0\0\0\x80\0\0\0\0\0\0\1", 28};
  overwrite(directory.path(), "raw", key, "\x02 another form");
  const auto archive = open(directory.path());
  ArchiveScan scan = archive->reader().scan(DeviceId{1});
  CHECK(scan.next());
  CHECK_FALSE(scan.next());
  CHECK(scan.status().error().kind == ErrorKind::kCorrupt);
}
