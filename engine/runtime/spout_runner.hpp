#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "bora/metrics.hpp"
#include "bora/spout.hpp"
#include "engine/ack/ledger.hpp"
#include "engine/runtime/locate.hpp"

namespace bora::internal {

class Executor;
class Runtime;
class SpoutTraces;

/// Longest time that completions are kept from a spout which does not need them at once.
inline constexpr std::chrono::milliseconds kLongestOwed{1};

/// The engine's side of one spout task: asks it for tuples while there is room, tells it what became
/// of them, and watches for messages that get nowhere.
/// Threads: single-owner (its executor's), save what is said to be thread-safe.
class SpoutRunner final : public TreeOwner {
 public:
  SpoutRunner(Runtime& runtime, Executor& executor, SpoutTask& task, std::uint32_t owner,
              std::uint32_t max_in_flight, SpoutTraces* traces);

  /// Where executor i completes trees of this spout.
  void add_lane(std::unique_ptr<CompletionLane> lane) { lanes_.push_back(std::move(lane)); }
  [[nodiscard]] CompletionLane* lane(std::size_t executor) const { return lanes_[executor].get(); }
  [[nodiscard]] SpoutTask& task() const noexcept { return task_; }
  /// Messages so far. Its executor's thread.
  [[nodiscard]] std::uint64_t opened() const noexcept { return opened_; }
  [[nodiscard]] std::uint32_t owner() const noexcept { return owner_; }

  /// Collects what completed and tells the spout. True when there was anything.
  bool settle();
  /// Asks the spout for tuples if it may have some and there is room. True when it emitted.
  bool poll();
  [[nodiscard]] bool has_work();
  [[nodiscard]] std::optional<Instant> next_due() const;
  /// Says that the executor sleeps and how many completions are worth waking it for.
  void prepare_to_park() noexcept;

  void activate();
  void deactivate();
  void begin_drain();
  /// Looks for messages that get nowhere; called by a timer of the executor.
  void watch();
  /// Its component is open.
  void start();
  void publish_metrics();

  // --- thread-safe ---
  void notify() noexcept override;
  /// Number of completions that is worth a wake-up while there are more to come; 0: any.
  [[nodiscard]] std::uint32_t wake_threshold() const noexcept {
    return wake_threshold_.load(std::memory_order_relaxed);
  }
  /// It sleeps, and wakes by itself before completions are owed to it for too long: it needs to be told
  /// of none but for room. seq_cst: who published completions before it looks, and is told so, has them
  /// seen at that waking.
  [[nodiscard]] bool wakes_soon() const noexcept {
    return wakes_soon_.load(std::memory_order_seq_cst);
  }
  [[nodiscard]] Executor& executor() const noexcept { return executor_; }
  /// Nothing in flight, and the spout itself has nothing left to do.
  [[nodiscard]] bool is_settled() const noexcept {
    return settled_.load(std::memory_order_seq_cst);
  }
  [[nodiscard]] bool is_finished() const noexcept {
    return finished_flag_.load(std::memory_order_seq_cst);
  }
  [[nodiscard]] std::uint64_t in_flight() const noexcept {
    return in_flight_.load(std::memory_order_relaxed);
  }
  [[nodiscard]] std::optional<OldestInFlight> oldest() const;
  [[nodiscard]] std::shared_ptr<std::atomic<bool>> ready_flag() const noexcept { return ready_; }
  /// What the spout reads; constant since its topology is open.
  [[nodiscard]] const std::string& source_name() const noexcept { return source_name_; }
  /// "message reports/3/77": for log lines.
  [[nodiscard]] std::string name_of(const MessageId& id) const;

 private:
  /// A message that is being watched because it is in flight for long.
  struct Watched {
    std::uint32_t task = LocateRequest::kNowhere;  // where it was last seen
    Instant since{};                               // at this place since
  };
  struct Place {
    std::uint32_t task = LocateRequest::kNowhere;
    std::string text;
    bool patient = false;  // held by a component that says it may take its time
    bool executing = false;
  };
  struct Overdue {
    std::uint32_t slot = 0;
    Place place;
    std::chrono::nanoseconds age{};
  };

  void complete(TreeRef ref);
  void settle_lane(CompletionLane& lane, std::uint32_t tail);
  void take_arrivals();
  void record_latency(Instant opened_at, std::uint64_t times);
  [[nodiscard]] std::size_t room() const;
  [[nodiscard]] std::uint64_t emitted() const;
  void account_bytes();
  void deliver();
  void evaluate(Instant now);
  void expire(std::uint32_t slot, const Place& place, std::chrono::nanoseconds age);
  [[nodiscard]] Place place_of(std::size_t index, Instant now) const;
  void ask(Instant now);
  void start_watching();
  template <class Call>
  void call_spout(const char* what, Call&& call);

  Runtime& runtime_;
  Executor& executor_;
  SpoutTask& task_;
  SpoutBase& spout_;
  const std::uint32_t owner_;
  std::vector<std::unique_ptr<CompletionLane>> lanes_;  // by executor

  std::string source_name_;  // set when it opens

  // its executor's
  bool active_ = true;
  bool draining_ = false;
  bool finished_ = false;
  std::optional<Instant> idle_until_;
  bool idle_ = false;  // said idle, and was not woken since
  std::uint64_t opened_ = 0;
  std::uint64_t acked_ = 0;
  std::uint64_t failed_ = 0;
  std::size_t bytes_accounted_ = 0;
  std::vector<MessageId> acked_ids_;
  std::vector<TreeRef> others_;  // of a lane that is being settled: not simply acked
  std::vector<Failure> failures_;
  std::vector<Ledger::FailedTree> arrivals_;
  std::vector<TreeRef> arrived_;
  std::unordered_map<TreeRef, Failure> reasons_;  // of failed trees that are not complete yet
  std::vector<bool> expired_;                     // by slot: told the spout already
  std::size_t expired_count_ = 0;
  std::unordered_map<std::uint32_t, Watched> watched_;  // by slot
  std::shared_ptr<LocateRequest> question_;  // with the executors that still have to answer

  // written by its executor, read by any thread
  std::atomic<std::uint64_t> in_flight_{0};
  std::atomic<bool> settled_{true};
  std::atomic<bool> finished_flag_{false};
  std::atomic<std::uint32_t> wake_threshold_{0};
  std::atomic<bool> wakes_soon_{false};
  std::shared_ptr<std::atomic<bool>> ready_;  // with wakers that outlive the topology
  mutable std::mutex oldest_mutex_;
  std::optional<OldestInFlight> oldest_;  // guarded by oldest_mutex_
};

}  // namespace bora::internal
