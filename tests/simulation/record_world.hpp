#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "bora/record.hpp"
#include "bora/testing/world.hpp"
#include "support/memory_broker.hpp"
#include "support/memory_sink.hpp"
#include "support/memory_source.hpp"

namespace bora::simulation {

/// A topic full of records, some of them malformed, and what becomes of them: a store and a topic of
/// dead letters. All of it survives crashes. The oracle of the record path.
/// Threads: single-owner, as the simulation.
class RecordWorld {
 public:
  static constexpr const char* kTopic = "readings";
  static constexpr const char* kLetters = "readings.dlq";

  explicit RecordWorld(testing::World& world);

  [[nodiscard]] testing::World& world() noexcept { return world_; }
  [[nodiscard]] std::unique_ptr<RecordSource> source();
  [[nodiscard]] std::unique_ptr<RecordSink> dead_letters();

  /// The store: by position, so that a record stored again changes nothing.
  void store(const RecordPosition& position, const std::string& value);
  [[nodiscard]] static bool is_malformed(const std::string& value) {
    return value.rfind("bad", 0) == 0;
  }

  /// Says that all below `request.next_offset` is done: the effects must be there already.
  void look_at_commit(const CommitRequest& request);
  /// Every record is in the store or among the dead letters.
  [[nodiscard]] bool is_all_done();

 private:
  using Position = std::pair<std::uint32_t, std::int64_t>;
  void collect_letters();
  [[nodiscard]] bool is_done(const Position& position) const {
    return stored_.count(position) != 0 || letters_.count(position) != 0;
  }

  testing::World& world_;
  test::MemoryBroker broker_;
  test::SourceFaults source_faults_;
  test::SinkFaults sink_faults_;
  std::map<Position, std::string> records_;
  std::map<Position, std::string> stored_;
  std::set<Position> letters_;  // by the position of their record
  std::size_t letters_seen_ = 0;
};

}  // namespace bora::simulation
