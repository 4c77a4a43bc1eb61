#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bora/record.hpp"
#include "support/fault_dice.hpp"
#include "support/memory_broker.hpp"

namespace bora::test {

/// What a MemorySource does wrong: probabilities per poll, unless they say otherwise.
struct SourceFaults {
  double revoke = 0;              ///< One of its partitions leaves in order, and comes back later.
  double lose = 0;                ///< The same, without a chance to commit.
  double unavailable = 0;         ///< This and up to four further polls fail.
  double repeat = 0;              ///< The last record of a partition comes once more.
  double short_poll = 0;          ///< Fewer records than there are.
  double commit_unavailable = 0;  ///< Per commit: it fails, and changes nothing.
};

struct MemorySourceOptions {
  std::string topic;
  std::string group = "group";
  std::uint64_t seed = 1;
  SourceFaults faults = {};
};

/// A member of a consumer group on a topic of a MemoryBroker that keeps to the contract of
/// RecordSource, but uses everything that the contract allows (and repeats records, which it does not).
///
/// Threads: as RecordSource says. Deterministic: a function of the seed and the calls.
class MemorySource final : public RecordSource {
 public:
  MemorySource(MemoryBroker& broker, MemorySourceOptions options);
  ~MemorySource() override;
  MemorySource(const MemorySource&) = delete;
  MemorySource& operator=(const MemorySource&) = delete;

  [[nodiscard]] std::string_view topic() const noexcept override { return options_.topic; }
  Status open(AssignmentListener& listener, std::function<void()> wake) override;
  Result<std::size_t> poll(std::size_t max, std::vector<SourceRecord>& out) override;
  void pause() override { is_paused_ = true; }
  void resume() override { is_paused_ = false; }
  Status commit(std::span<const CommitRequest> requests) override;
  [[nodiscard]] std::optional<std::uint64_t> lag() const override;
  [[nodiscard]] std::vector<PartitionLag> partition_lags() const override;
  void close() override;

  // --- for the test ---
  /// The next `polls` polls fail as unavailable.
  void fail_polls(std::uint32_t polls) noexcept { failing_polls_ = polls; }
  void fail_commits(std::uint32_t commits) noexcept { failing_commits_ = commits; }
  [[nodiscard]] bool is_paused() const noexcept { return is_paused_; }
  [[nodiscard]] std::uint64_t polls() const noexcept { return polls_; }

 private:
  [[nodiscard]] std::vector<PartitionLag> lags() const;  // requires: the broker is locked
  struct Assigned {
    std::uint32_t epoch = 0;
    std::uint64_t generation = 0;
    std::int64_t next_offset = 0;
    std::optional<SourceRecord> last;  // for repeats
  };
  void settle_assignments();
  void cause_faults();
  void let_go(std::uint32_t partition, AssignmentListener::Leave how);
  std::size_t read(std::uint32_t partition, Assigned& from, std::size_t max,
                   std::vector<SourceRecord>& out);

  MemoryBroker& broker_;
  MemorySourceOptions options_;
  FaultDice dice_;
  AssignmentListener* listener_ = nullptr;
  MemoryBroker::MemberId member_ = 0;  // 0: not open
  std::map<std::uint32_t, Assigned> assigned_;
  std::map<std::uint32_t, std::uint32_t> epochs_;
  bool is_paused_ = false;
  std::uint32_t failing_polls_ = 0;
  std::uint32_t failing_commits_ = 0;
  std::uint64_t polls_ = 0;
};

}  // namespace bora::test
