#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "bora/check.hpp"
#include "support/temporary_directory.hpp"
#include "topologies/raw/archive_set.hpp"

using namespace bora;
using namespace bora::raw;
using coldchain::DeviceId;

namespace {

/// Two archives of a group: partition 1 moved from the first to the second, which did offset 5 again.
struct Fixture {
  Fixture() {
    put(*first, {entry(7, 1, 4), entry(7, 1, 5), entry(8, 2, 0)});
    put(*second, {entry(7, 1, 5), entry(7, 1, 6), entry(9, 0, 0)});
  }
  static ArchiveEntry entry(std::uint64_t device, std::uint32_t partition, std::int64_t offset) {
    return {.device_id = DeviceId{device},
            .inserted = from_millis(1000 + offset),
            .partition = partition,
            .offset = offset,
            .message = "m"};
  }
  static std::unique_ptr<Archive> open(const testing::TemporaryDirectory& directory) {
    return *Archive::open(
        {.path = directory.path(), .durability = ArchiveOptions::Durability::kUnsynced});
  }
  static void put(Archive& archive, const std::vector<ArchiveEntry>& entries) {
    BORA_CHECK(archive.put(entries).is_ok(), "not put");
  }
  [[nodiscard]] ArchiveSet both() const {
    return ArchiveSet{{&first->reader(), &second->reader()}};
  }

  testing::TemporaryDirectory first_directory;
  testing::TemporaryDirectory second_directory;
  std::unique_ptr<Archive> first = open(first_directory);
  std::unique_ptr<Archive> second = open(second_directory);
};

}  // namespace

TEST_CASE_METHOD(Fixture, "archives of a group are one: in order, and what two took counts once") {
  ArchiveSetScan scan = both().scan(DeviceId{7});
  std::vector<std::int64_t> offsets;
  while (scan.next())
    offsets.push_back(scan.entry().offset);
  CHECK(scan.status());
  CHECK(offsets == std::vector<std::int64_t>{4, 5, 6});
  CHECK(*both().count() == 5);
  CHECK(*both().devices() == std::vector{DeviceId{7}, DeviceId{8}, DeviceId{9}});
}

TEST_CASE_METHOD(Fixture, "one archive is a set") {
  const ArchiveSet one = first->reader();
  CHECK(*one.count() == 3);
  ArchiveSetScan scan = one.scan(DeviceId{7}, from_millis(1005));
  REQUIRE(scan.next());
  CHECK(scan.entry().offset == 5);
  CHECK_FALSE(scan.next());
  CHECK_FALSE(scan.next());
}
