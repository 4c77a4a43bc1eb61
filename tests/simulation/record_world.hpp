#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
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

  /// One record of the topic, and whether it should become a dead letter whatever else happens.
  struct Made {
    Record record;
    bool is_malformed = false;
  };
  using Make = std::function<Made(testing::Dice& dice)>;
  RecordWorld(testing::World& world, const Make& make);

  [[nodiscard]] testing::World& world() noexcept { return world_; }
  [[nodiscard]] std::unique_ptr<RecordSource> source();
  /// Into any topic of the broker, the dead letters' among them.
  [[nodiscard]] std::unique_ptr<RecordSink> sink();
  [[nodiscard]] std::unique_ptr<RecordSink> dead_letters() { return sink(); }
  /// For topics of a scenario's own.
  [[nodiscard]] test::MemoryBroker& broker() noexcept { return broker_; }

  /// The store: by position, so that a record stored again changes nothing.
  void store(std::uint32_t partition, std::int64_t offset, std::string_view value);
  /// The same for a store that does not know positions: the one record of this value.
  void store(std::string_view value);
  /// What the store is asked when it is written to: it may be slow, away for a while, or refuse; then
  /// `write` does not run. Or its answer is lost, and it did.
  Status write_to_store(const std::function<void()>& write);

  /// Says that all below `request.next_offset` is done: the effects must be there already.
  void look_at_commit(const CommitRequest& request);
  /// For records that leave no trace in the store: what else tells that one is done.
  using Done =
      std::function<bool(std::uint32_t partition, std::int64_t offset, const Record& record)>;
  void done_when(Done done) { done_ = std::move(done); }
  /// Every record is in the store, among the dead letters, or done.
  [[nodiscard]] bool is_all_done();

 private:
  using Position = std::pair<std::uint32_t, std::int64_t>;
  void collect_letters();
  [[nodiscard]] bool is_done(const Position& position) const {
    if (stored_.count(position) != 0 || letters_.count(position) != 0) return true;
    return done_ && done_(position.first, position.second, records_.at(position).record);
  }

  testing::World& world_;
  test::MemoryBroker broker_;
  test::SourceFaults source_faults_;
  test::SinkFaults sink_faults_;
  std::map<Position, Made> records_;
  std::set<Position> stored_;
  std::set<Position> letters_;  // by the position of their record
  Done done_;
  std::size_t letters_seen_ = 0;
  std::uint64_t store_is_away_ = 0;  // for so many writes
};

}  // namespace bora::simulation
