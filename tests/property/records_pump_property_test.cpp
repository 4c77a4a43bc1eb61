#include <chrono>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <rapidcheck/catch.h>

#include "support/fault_dice.hpp"
#include "support/pump_fixture.hpp"

using namespace bora;
using namespace std::chrono_literals;
using test::FaultDice;
using test::PumpFixture;

namespace {

constexpr std::uint32_t kPartitions = 3;

/// A pump over a source and a sink that fail in every way, with a topology in its place that fails
/// records in every way; at the end all faults stop. The oracle knows which (partition, offset) were
/// done, in whatever epoch: acked by the topology, or found in the dead letters.
class Life {
 public:
  explicit Life(std::uint64_t seed)
      : dice_(seed),
        f_(options(), kPartitions,
           {.revoke = 0.02,
            .lose = 0.02,
            .unavailable = 0.05,
            .repeat = 0.05,
            .short_poll = 0.3,
            .commit_unavailable = 0.1},
           {.unavailable = 0.05, .fail = 0.1, .lose_reply = 0.1, .slowest = 3}, seed) {}

  void run() {
    for (int i = 0; i < 400; ++i) {
      step();
      check_safety();
    }
    finish_everything();
    check_complete();
  }

 private:
  static RecordSpoutOptions options() {
    RecordSpoutOptions o;
    o.retry = {
        .attempts = 3, .first_backoff = 100ms, .max_backoff = 1s, .max_outage_backoff = 300ms};
    o.poll_records = 7;
    o.max_held = 20;
    o.max_uncommitted = 40;
    o.max_dead_letters_waiting = 5;
    return o;
  }

  void step() {
    switch (dice_.below(8)) {
      case 0:
      case 1: produce(); break;
      case 2:
      case 3: take(); break;
      case 4:
      case 5: complete_one(); break;
      case 6: f_.clock.advance(std::chrono::milliseconds(dice_.below(300))); break;
      default: f_.pump->tick(); break;
    }
  }
  void produce() {
    const auto partition = static_cast<std::uint32_t>(dice_.below(kPartitions));
    const auto gap = dice_.happens(0.2) ? static_cast<std::int64_t>(dice_.below(50)) : 0;
    const std::string value = std::to_string(partition) + "/" + std::to_string(produced_++);
    const auto offset = f_.broker.append("in", partition, Record{{}, value, {}, {}}, gap);
    values_[{partition, offset}] = value;
  }
  void take() {
    for (const auto& ready : f_.take(1 + dice_.below(10))) {
      const std::string& value = values_.at({ready.id.partition, offset_of(ready.id)});
      RC_ASSERT(f_.pump->record(ready.slot)->value == value);
      RC_ASSERT(in_flight_.insert(ready.id).second);  // never twice at a time under one id
      RC_ASSERT(!acked_in_epoch_.count(ready.id));    // nor again once it was acked
    }
    RC_ASSERT(f_.stats.held.get() <= 20U);
    RC_ASSERT(f_.stats.uncommitted.get() <= 40U);
  }
  void complete_one() {
    if (in_flight_.empty()) return;
    auto it = in_flight_.begin();
    std::advance(it, static_cast<std::ptrdiff_t>(dice_.below(in_flight_.size())));
    const MessageId id = *it;
    in_flight_.erase(it);
    const std::uint64_t outcome = are_faults_over_ ? 0 : dice_.below(10);
    if (outcome < 5) {
      acked_.insert({id.partition, offset_of(id)});
      acked_in_epoch_.insert(id);
      f_.pump->acked({&id, 1});
      return;
    }
    static constexpr FailureKind kKinds[] = {FailureKind::kError, FailureKind::kPermanent,
                                             FailureKind::kUnavailable, FailureKind::kExpired,
                                             FailureKind::kDropped};
    f_.pump->failed({id, kKinds[outcome - 5], "bolt", 0, "made to fail"});
  }

  /// Whatever was committed is done: acked, or in the dead letters.
  void check_safety() const {
    std::set<std::string> dead;
    for (const auto& letter : f_.broker.records("in.dlq"))
      dead.insert(letter.record.value);
    for (const auto& [place, value] : values_) {
      if (place.second >= f_.committed(place.first)) continue;
      RC_ASSERT(acked_.count(place) != 0 || dead.count(value) != 0);
    }
  }
  void finish_everything() {
    are_faults_over_ = true;
    for (int i = 0; i < 3000 && !is_all_committed(); ++i) {
      take();
      complete_one();
      f_.clock.advance(50ms);
      f_.pump->tick();
    }
  }
  [[nodiscard]] bool is_all_committed() const {
    for (const auto& [place, value] : values_) {
      if (place.second >= f_.committed(place.first)) return false;
    }
    return true;
  }
  /// And nothing is left over.
  void check_complete() {
    RC_ASSERT(is_all_committed());
    RC_ASSERT(f_.stats.held.get() == 0U);
    RC_ASSERT(f_.stats.held_bytes.get() == 0U);
    RC_ASSERT(f_.stats.waiting_for_retry.get() == 0U);
    RC_ASSERT(f_.broker.ignored_commits() == 0U);  // every loss was known when it committed
    f_.pump->close();
  }

  static std::int64_t offset_of(const MessageId& id) {
    return static_cast<std::int64_t>(id.offset);
  }

  using Place = std::pair<std::uint32_t, std::int64_t>;
  FaultDice dice_;
  PumpFixture f_;
  std::map<Place, std::string> values_;
  std::set<MessageId> in_flight_;
  std::set<MessageId> acked_in_epoch_;
  std::set<Place> acked_;
  int produced_ = 0;
  bool are_faults_over_ = false;
};

}  // namespace

TEST_CASE("record pump: under every fault, only what is done is committed, and in the end all is") {
  rc::prop("holds for any seed", [](std::uint64_t seed) {
    for (std::uint64_t i = 0; i < 10; ++i)
      Life{seed + i}.run();
  });
}
