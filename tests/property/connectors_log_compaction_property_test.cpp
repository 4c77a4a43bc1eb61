#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "bora/testing/dice.hpp"
#include "support/compacted_log.hpp"

using namespace bora;
using namespace bora::log;
using namespace bora::log::testing;

TEST_CASE("a compacted topic tells the same table as a map, whatever happens to it") {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    INFO("seed " << seed);
    bora::testing::Dice dice{seed};
    CompactedLog log{2};
    std::map<std::string, std::string> model;
    std::vector<std::vector<std::pair<std::int64_t, Record>>> written(2);
    for (int step = 0; step < 60; ++step) {
      std::vector<Record> records;
      for (std::uint64_t i = dice.between(1, 8); i > 0; --i) {
        const auto key = std::to_string(dice.below(12));
        if (dice.one_in(4)) {
          records.push_back(tombstone(key));
          model.erase(key);
        } else {
          records.push_back(keyed(key, std::string(dice.below(3000), 'v') + std::to_string(step)));
          model[key] = records.back().value;
        }
      }
      const auto places = append(*log.log, "t", records);
      for (std::size_t i = 0; i < records.size(); ++i)
        written[places[i].partition].emplace_back(places[i].offset, records[i]);
      log.clock.wall += std::chrono::minutes{dice.below(30)};
      if (dice.one_in(3)) static_cast<void>(log.compact());
      if (dice.one_in(30)) log.reopen();
      if (dice.one_in(5)) REQUIRE(read_table(*log.log) == model);
    }
    static_cast<void>(log.compact());
    REQUIRE(read_table(*log.log) == model);
    std::size_t left = 0;
    for (std::uint32_t p = 0; p < 2; ++p) {
      for (const SourceRecord& read : read_all(*log.log, "t", p)) {
        const auto& expected = written[p].at(static_cast<std::size_t>(read.position.offset));
        REQUIRE(expected.first == read.position.offset);
        REQUIRE(expected.second == read.record);
        ++left;
      }
    }
    REQUIRE(left < 120);
  }
}
