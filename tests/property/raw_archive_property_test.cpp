#include <algorithm>
#include <map>
#include <memory>
#include <rapidcheck.h>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "support/temporary_directory.hpp"
#include "topologies/raw/archive.hpp"
#include "topologies/raw/archived_offsets.hpp"

using namespace bora;
using namespace bora::raw;
using coldchain::DeviceId;

namespace {

/// Few values of everything, so that entries meet.
ArchiveEntry any_entry(const std::string& message) {
  return {.device_id = DeviceId{*rc::gen::inRange<std::uint64_t>(1, 4)},
          .inserted = from_millis(*rc::gen::inRange<std::int64_t>(-3, 6)),
          .measured = from_millis(0),
          .partition = *rc::gen::inRange<std::uint32_t>(0, 3),
          .offset = *rc::gen::inRange<std::int64_t>(0, 30),
          .message = message};
}

using ModelKey = std::tuple<DeviceId, WallTime, std::uint32_t, std::int64_t>;
using Model = std::map<ModelKey, std::string>;

ModelKey key_of(const ArchiveEntry& entry) {
  return {entry.device_id, entry.inserted, entry.partition, entry.offset};
}

void agrees_with_model(const ArchiveReader& reader, const Model& model) {
  RC_ASSERT(*reader.count() == model.size());
  RC_ASSERT(*reader.recount() == model.size());
  std::set<DeviceId> devices;
  for (const auto& each : model)
    devices.insert(std::get<0>(each.first));
  RC_ASSERT(*reader.devices() == std::vector<DeviceId>(devices.begin(), devices.end()));
  const DeviceId device{*rc::gen::inRange<std::uint64_t>(1, 4)};
  const WallTime from = from_millis(*rc::gen::inRange<std::int64_t>(-4, 7));
  const WallTime to = from_millis(*rc::gen::inRange<std::int64_t>(-4, 7));
  Model expected;
  for (const auto& [key, message] : model) {
    if (std::get<0>(key) == device && std::get<1>(key) >= from && std::get<1>(key) < to)
      expected[key] = message;
  }
  std::vector<std::pair<ModelKey, std::string>> found;
  ArchiveScan scan = reader.scan(device, from, to);
  while (scan.next())
    found.emplace_back(key_of(scan.entry()), scan.entry().message);
  RC_ASSERT(scan.status().is_ok());
  RC_ASSERT(std::equal(
      found.begin(), found.end(), expected.begin(), expected.end(),
      [](const auto& a, const auto& b) { return a.first == b.first && a.second == b.second; }));
}

}  // namespace

TEST_CASE("an archive holds what a map would, over any puts and restarts") {
  CHECK(rc::check([] {
    const testing::TemporaryDirectory directory;
    const ArchiveOptions options{.path = directory.path(),
                                 .durability = ArchiveOptions::Durability::kUnsynced};
    auto archive = *Archive::open(options);
    Model model;
    const int steps = *rc::gen::inRange(1, 12);
    for (int step = 0; step < steps; ++step) {
      if (*rc::gen::inRange(0, 5) == 0) {
        archive.reset();
        archive = *Archive::open(options);
      }
      std::vector<std::string> messages(*rc::gen::inRange<std::size_t>(0, 12));
      std::vector<ArchiveEntry> entries;
      for (std::string& message : messages) {
        message = std::to_string(*rc::gen::inRange(0, 1000));
        entries.push_back(any_entry(message));
        model[key_of(entries.back())] = message;
      }
      RC_ASSERT(archive->put(entries).is_ok());
    }
    agrees_with_model(archive->reader(), model);
  }));
}

TEST_CASE("offsets called certainly new never were there, and dense ones always are") {
  CHECK(rc::check([] {
    const std::int64_t floor = *rc::gen::inRange<std::int64_t>(0, 50);
    const std::int64_t spread = *rc::gen::elementOf(std::vector<std::int64_t>{20, 4000});
    ArchivedOffsets offsets{floor};
    std::set<std::int64_t> added;
    std::int64_t next = floor;
    const int steps = *rc::gen::inRange(0, 1500);
    for (int step = 0; step < steps; ++step) {
      const std::int64_t offset = *rc::gen::inRange<std::int64_t>(0, spread);
      const bool is_new = offsets.add_if_new(offset);
      if (is_new) RC_ASSERT(offset >= floor && added.count(offset) == 0);
      // While nothing was forgotten, the answer is exact.
      if (spread < 100 && offset >= floor) RC_ASSERT(is_new == (added.count(offset) == 0));
      added.insert(offset);
      if (offset >= floor) next = std::max(next, offset + 1);
      RC_ASSERT(offsets.span_count() <= ArchivedOffsets::kMaxSpans);
    }
    if (spread < 100) RC_ASSERT(offsets.next() == next);
    for (std::int64_t offset = next; offset < next + 3; ++offset)
      RC_ASSERT(offsets.add_if_new(offset));
  }));
}
