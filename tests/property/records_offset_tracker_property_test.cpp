#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include <rapidcheck/catch.h>

#include "spouts/offset_tracker.hpp"

using bora::CommitRequest;
using bora::OffsetTracker;
using bora::RecordPosition;

namespace {

/// The same by sets, as simple as can be.
struct Model {
  struct Partition {
    std::uint32_t epoch = 0;
    std::int64_t next = 0;
    std::int64_t committed = 0;
    std::map<std::int64_t, OffsetTracker::Cookie> unfinished;
    std::set<std::int64_t> done_ahead;  // finished, above the first unfinished

    [[nodiscard]] std::int64_t committable() const {
      return unfinished.empty() ? next : unfinished.begin()->first;
    }
    void forget_done() {
      done_ahead.erase(done_ahead.begin(), done_ahead.lower_bound(committable()));
    }
  };
  std::map<std::uint32_t, Partition> partitions;

  Partition* current(const RecordPosition& position) {
    const auto found = partitions.find(position.partition);
    if (found == partitions.end() || found->second.epoch != position.epoch) return nullptr;
    return &found->second;
  }
  std::size_t size() const {
    std::size_t n = 0;
    for (const auto& [id, p] : partitions)
      n += p.unfinished.size() + p.done_ahead.size();
    return n;
  }
};

constexpr std::uint32_t kPartitions = 3;

/// One long run of random operations, drawn from RapidCheck's numbers.
class Run {
 public:
  void step() {
    const auto partition = *rc::gen::inRange<std::uint32_t>(0, kPartitions);
    switch (*rc::gen::weightedElement<int>({{8, 0}, {8, 1}, {2, 2}, {1, 3}, {1, 4}, {1, 5}})) {
      case 0: begin(partition); break;
      case 1: finish_held(partition); break;
      case 2: finish_anything(partition); break;
      case 3: revoke(partition); break;
      case 4: assign(partition); break;
      default: commit(); break;
    }
    check();
  }

 private:
  void begin(std::uint32_t partition) {
    auto found = model_.partitions.find(partition);
    const std::int64_t from = found == model_.partitions.end() ? 0 : found->second.next;
    // Mostly in order, with gaps now and then, large ones too; sometimes a duplicate.
    const auto gap = *rc::gen::weightedOneOf<std::int64_t>(
        {{6, rc::gen::just<std::int64_t>(0)},
         {2, rc::gen::inRange<std::int64_t>(1, 5)},
         {1, rc::gen::inRange<std::int64_t>(1'000, 1'000'000'000)},
         {1, rc::gen::inRange<std::int64_t>(-5, 0)}});
    const std::int64_t offset = from + gap;
    const std::uint32_t epoch = epochs_[partition];
    const RecordPosition position{partition, offset, epoch};
    const OffsetTracker::Cookie cookie = ++last_cookie_;
    Model::Partition* p = model_.current(position);
    const bool expected = p != nullptr && offset >= p->next;
    RC_ASSERT(tracker_.begin(position, cookie) == expected);
    if (!expected) return;
    p->unfinished[offset] = cookie;
    p->next = offset + 1;
  }
  void finish_held(std::uint32_t partition) {
    const auto found = model_.partitions.find(partition);
    if (found == model_.partitions.end() || found->second.unfinished.empty()) return;
    auto it = found->second.unfinished.begin();
    std::advance(it, *rc::gen::inRange<int>(0, static_cast<int>(found->second.unfinished.size())));
    finish({partition, it->first, found->second.epoch});
  }
  /// Also of other epochs, twice, and offsets that never were.
  void finish_anything(std::uint32_t partition) {
    const auto epoch = *rc::gen::inRange<std::uint32_t>(0, epochs_[partition] + 2);
    const auto found = model_.partitions.find(partition);
    const std::int64_t around = found == model_.partitions.end() ? 0 : found->second.next;
    finish({partition, *rc::gen::inRange<std::int64_t>(around - 20, around + 3), epoch});
  }
  void finish(const RecordPosition& position) {
    std::optional<OffsetTracker::Cookie> expected;
    if (Model::Partition* p = model_.current(position)) {
      const auto held = p->unfinished.find(position.offset);
      if (held != p->unfinished.end()) {
        expected = held->second;
        RC_ASSERT(tracker_.find(position) == expected);
        p->unfinished.erase(held);
        p->done_ahead.insert(position.offset);
        p->forget_done();
      }
    }
    RC_ASSERT(tracker_.finish(position) == expected);
  }
  void revoke(std::uint32_t partition) {
    std::vector<OffsetTracker::Cookie> unfinished;
    tracker_.revoke(partition, epochs_[partition], unfinished);
    std::vector<OffsetTracker::Cookie> expected;
    const auto found = model_.partitions.find(partition);
    if (found != model_.partitions.end()) {
      for (const auto& [offset, cookie] : found->second.unfinished)
        expected.push_back(cookie);
      model_.partitions.erase(found);
    }
    RC_ASSERT(unfinished == expected);
  }
  void assign(std::uint32_t partition) {
    if (model_.partitions.count(partition) != 0) return;
    const auto from = *rc::gen::inRange<std::int64_t>(0, 100);
    const std::uint32_t epoch = ++epochs_[partition];
    tracker_.assign(partition, epoch, from);
    model_.partitions[partition] = {epoch, from, from, {}, {}};
  }
  void commit() {
    std::vector<CommitRequest> requests;
    tracker_.collect(requests);
    std::size_t expected = 0;
    for (const auto& [id, p] : model_.partitions)
      expected += p.committable() > p.committed ? 1 : 0;
    RC_ASSERT(requests.size() == expected);
    const bool is_confirmed = *rc::gen::arbitrary<bool>();
    for (const CommitRequest& request : requests) {
      Model::Partition& p = model_.partitions.at(request.partition);
      RC_ASSERT(request.epoch == p.epoch);
      RC_ASSERT(request.next_offset == p.committable());
      if (!is_confirmed) continue;
      tracker_.committed(request);
      p.committed = request.next_offset;
    }
  }
  void check() {
    RC_ASSERT(tracker_.size() == model_.size());
    for (const auto& [id, p] : model_.partitions) {
      RC_ASSERT(tracker_.epoch_of(id) == p.epoch);
      RC_ASSERT(tracker_.committable(id) == p.committable());
    }
  }

  OffsetTracker tracker_;
  Model model_;
  std::map<std::uint32_t, std::uint32_t> epochs_;
  OffsetTracker::Cookie last_cookie_ = 0;
};

}  // namespace

TEST_CASE("offset tracker: any sequence of begins, finishes, revokes and commits is as by sets") {
  rc::prop("agrees with the model", [] {
    Run run;
    const int steps = *rc::gen::inRange(1, 600);
    for (int i = 0; i < steps; ++i)
      run.step();
  });
}
