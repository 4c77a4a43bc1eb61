#include "engine/runtime/spout_runner.hpp"

#include <algorithm>
#include <exception>
#include <utility>

#include "engine/runtime/executor.hpp"
#include "engine/runtime/runtime.hpp"
#include "engine/trace/tracer.hpp"

namespace bora::internal {

namespace {
/// Most messages asked of a spout at once: bounds what one step may put into overflow lists.
constexpr std::size_t kBatch = 256;
/// Taken for the size of a message before the first one was seen.
constexpr std::size_t kAssumedBytes = std::size_t{64} << 10;
/// How long a spout whose next_batch() threw is left alone.
constexpr std::chrono::seconds kAfterThrow{1};
/// How soon a spout looks again that waits for bytes which another spout holds.
constexpr std::chrono::milliseconds kBytesPoll{1};
}  // namespace

SpoutRunner::SpoutRunner(Runtime& runtime, Executor& executor, SpoutTask& task, std::uint32_t owner,
                         std::uint32_t max_in_flight, SpoutTraces* traces)
    : runtime_(runtime),
      executor_(executor),
      task_(task),
      spout_(task.spout()),
      owner_(owner),
      ready_(std::make_shared<std::atomic<bool>>(false)) {
  const std::uint32_t traced = traces == nullptr ? 0 : runtime.first_traced_slot() + Tracer::kSlots;
  task_.roots.reset(runtime.ledger().base(owner), max_in_flight, traced);
  task_.roots.traces = traces;
  for (std::uint32_t slot = runtime.first_traced_slot(); slot < traced; ++slot)
    runtime.ledger().counts()[task_.roots.base + slot].store(kTracedBit | 1,
                                                             std::memory_order_relaxed);
  expired_.resize(task_.roots.slot_count, false);
  spout_.attach(task_.roots, executor);
}

void SpoutRunner::start() {
  call_spout("source()", [&] { source_name_ = spout_.source(); });
  if (SpoutTraces* const traces = task_.roots.traces)
    traces->attach(task_.roots, task_, source_name_);
  start_watching();
}

std::string SpoutRunner::name_of(const MessageId& id) const {
  return "message " + (source_name_.empty() ? source_name_ : source_name_ + '/') +
         std::to_string(id.partition) + '/' + std::to_string(id.offset);
}

void SpoutRunner::notify() noexcept { executor_.wake(); }

template <class Call>
void SpoutRunner::call_spout(const char* what, Call&& call) {
  executor_.begin(kUntracked);
  executor_.current_task.store(task_.identity.id, std::memory_order_relaxed);
  try {
    call();
  } catch (const std::exception& e) {
    runtime_.report(task_, std::string(what) + " threw: " + e.what());
    idle_ = true;
    idle_until_ = executor_.now() + kAfterThrow;
  } catch (...) {
    runtime_.report(task_, std::string(what) + " threw an exception that is no std::exception");
    idle_ = true;
    idle_until_ = executor_.now() + kAfterThrow;
  }
}

bool SpoutRunner::settle() {
  bool any = false;
  for (auto& lane : lanes_) {
    // acquire: partner is Executor::publish_completions.
    const std::uint32_t tail = lane->published_tail.load(std::memory_order_acquire);
    if (lane->head == tail) continue;
    any = true;
    // A failure was reported before its tree was completed, so it is among the arrivals by now.
    take_arrivals();
    settle_lane(*lane, tail);
  }
  if (runtime_.ledger().has_arrivals(owner_) || !arrived_.empty()) {
    take_arrivals();
    any = any || !arrived_.empty();
    for (TreeRef ref : arrived_)
      complete(ref);
    arrived_.clear();
  }
  if (!any) return false;
  account_bytes();
  deliver();
  return true;
}

void SpoutRunner::take_arrivals() {
  runtime_.ledger().take_arrivals(owner_, arrivals_, arrived_);
  for (auto& f : arrivals_)
    reasons_.emplace(f.ref, std::move(f.failure));
  arrivals_.clear();
}

/// The path of every message that went well: a dozen instructions each. Messages of one batch were
/// opened at one time, so their latencies are recorded together.
void SpoutRunner::settle_lane(CompletionLane& lane, std::uint32_t tail) {
  RootTable& roots = task_.roots;
  const std::atomic<std::uint32_t>* const counts = runtime_.ledger().counts();
  const bool special = expired_count_ != 0 || !watched_.empty();
  const bool any_held = runtime_.ledger().any_held();
  // Out of memory for the length of the loop, which writes what could be they.
  const RootTable::Slot* const slots = roots.slots.get();
  const TreeRef base = roots.base;
  const TreeRef* const ring = lane.slots.get();
  const std::uint32_t mask = lane.mask;
  std::uint32_t head = lane.head;
  std::size_t bytes = 0;
  const std::size_t acked_before = acked_ids_.size();
  acked_ids_.resize(acked_before + (tail - head));
  MessageId* acked = acked_ids_.data() + acked_before;
  std::uint32_t* const freed = roots.free.get() + roots.free_count;
  std::uint32_t ended = 0;
  Instant opened_at{};
  std::uint64_t times = 0;
  for (; head != tail; ++head) {
    const TreeRef ref = ring[head & mask];
    // relaxed: whoever completed the tree was the last to touch it, and handed it over with release.
    if (special || counts[ref].load(std::memory_order_relaxed) != 1) [[unlikely]] {
      others_.push_back(ref);
      continue;
    }
    if (any_held) runtime_.ledger().clear_holder(ref);
    const std::uint32_t slot = ref - base;
    const RootTable::Slot& root = slots[slot];
    acked[ended] = root.id;
    freed[ended++] = slot;
    bytes += root.bytes;
    if (root.opened_at != opened_at) {
      record_latency(opened_at, std::exchange(times, 0));
      opened_at = root.opened_at;
    }
    ++times;
  }
  record_latency(opened_at, times);
  lane.head = head;
  roots.free_count += ended;
  roots.bytes_in_flight -= bytes;
  acked_ += ended;
  acked_ids_.resize(acked_before + ended);
  for (const TreeRef ref : others_)
    complete(ref);
  others_.clear();
}

void SpoutRunner::record_latency(Instant opened_at, std::uint64_t times) {
  if (times == 0) return;
  const auto took = (executor_.now() - opened_at).count();
  task_.metrics->complete.record(took > 0 ? static_cast<std::uint64_t>(took) : 0, times);
}

/// Any message, however it ended.
void SpoutRunner::complete(TreeRef ref) {
  RootTable& roots = task_.roots;
  const std::uint32_t slot = ref - roots.base;
  auto& count = runtime_.ledger().counts()[ref];
  const std::uint32_t state = count.load(std::memory_order_relaxed);
  const bool is_traced = roots.traces != nullptr && roots.traces->is_traced(slot);
  count.store(is_traced ? kTracedBit | 1 : 1, std::memory_order_relaxed);
  const bool was_expired = expired_[slot];
  std::string failure;  // for its trace
  if ((state & kFailedBit) != 0) {
    const auto reason = reasons_.find(ref);
    if (is_traced) failure = reason != reasons_.end() ? reason->second.reason : "it failed";
    if (!was_expired) {
      ++failed_;
      failures_.push_back(reason != reasons_.end()
                              ? std::move(reason->second)
                              : Failure{roots.slots[slot].id, FailureKind::kError, "", 0, ""});
    }
    if (reason != reasons_.end()) reasons_.erase(reason);
  } else if (!was_expired) {
    ++acked_;
    acked_ids_.push_back(roots.slots[slot].id);
    record_latency(roots.slots[slot].opened_at, 1);
  }
  if (was_expired) {
    expired_[slot] = false;
    --expired_count_;
  }
  runtime_.ledger().clear_holder(ref);
  watched_.erase(slot);
  if (is_traced && !was_expired)
    roots.traces->end_message(slot, executor_.now(), std::move(failure));
  roots.close(slot, is_traced ? roots.traces->free(slot) : slot);
}

void SpoutRunner::account_bytes() {
  // Forgotten when nothing of it is left, or one large message would make for small batches for ever.
  if (task_.roots.in_flight() == 0) task_.roots.largest = 0;
  const std::size_t now = task_.roots.bytes_in_flight;
  if (now == bytes_accounted_) return;
  runtime_.bytes_in_flight.fetch_add(now - bytes_accounted_,
                                     std::memory_order_relaxed);  // wraps: a sum
  bytes_accounted_ = now;
}

void SpoutRunner::deliver() {
  if (!acked_ids_.empty()) {
    call_spout("acked()", [&] { spout_.acked(acked_ids_); });
    acked_ids_.clear();
  }
  for (const Failure& failure : std::exchange(failures_, {}))
    call_spout("failed()", [&] { spout_.failed(failure); });
}

std::size_t SpoutRunner::room() const {
  const RootTable& roots = task_.roots;
  if (roots.free_count == 0) return 0;
  const std::size_t most = std::min<std::size_t>(roots.free_count, kBatch);
  const std::size_t bytes = runtime_.bytes_in_flight.load(std::memory_order_relaxed);
  const std::size_t cap = runtime_.options().max_in_flight_bytes;
  if (bytes >= cap && bytes != 0) return 0;
  // As many as fit if they are no larger than the largest so far. One is let through when nothing is in
  // flight, however large it is.
  const std::size_t each = roots.largest != 0 ? roots.largest : kAssumedBytes;
  const std::size_t fitting = (cap - std::min(cap, bytes)) / each;
  return std::min(most, bytes == 0 ? std::max<std::size_t>(1, fitting) : fitting);
}

bool SpoutRunner::poll() {
  if (!active_ || draining_ || finished_) return false;
  const Instant now = executor_.now();
  const bool woken = ready_->load(std::memory_order_relaxed);
  if (idle_ && !woken && !(idle_until_ && now >= *idle_until_)) return false;
  const std::size_t max = room();
  if (max == 0) return false;
  // Cleared before the spout looks, so that what comes while it looks is not missed. An exchange, as it
  // has to see what the waker, whose flag it takes, did before.
  if (woken) ready_->exchange(false, std::memory_order_seq_cst);
  idle_ = false;
  idle_until_.reset();
  task_.roots.now = now;
  const std::uint32_t before = task_.roots.free_count;
  Next next = Next::idle();
  const std::uint64_t emitted_before = emitted();
  SpoutTraces* const traces = task_.roots.traces;
  if (traces != nullptr) traces->begin_batch(max);
  call_spout("next_batch()", [&] {
    next = spout_.next_batch(max);
    idle_ = next.kind() == Next::Kind::kIdle;
    idle_until_ = next.when();
  });
  executor_.begin(kUntracked);
  if (next.kind() == Next::Kind::kFinished) finished_ = true;
  account_bytes();
  const std::uint32_t opened = before - task_.roots.free_count;
  opened_ += opened;
  if (traces != nullptr) traces->end_batch(opened);
  return opened != 0 || emitted() != emitted_before || next.kind() == Next::Kind::kMore;
}

std::uint64_t SpoutRunner::emitted() const {
  std::uint64_t sum = 0;
  for (const OutputBase* output : spout_.outputs())
    sum += output->emitted();
  return sum;
}

bool SpoutRunner::has_work() {
  for (const auto& lane : lanes_)
    if (lane->published_tail.load(std::memory_order_seq_cst) != lane->head) return true;
  if (runtime_.ledger().has_arrivals(owner_)) return true;
  if (!active_ || draining_ || finished_ || executor_.blocked_lanes != 0) return false;
  if (idle_ && !ready_->load(std::memory_order_seq_cst)) return false;
  return room() > 0;
}

std::optional<Instant> SpoutRunner::next_due() const {
  if (!active_ || draining_ || finished_) return std::nullopt;
  const Instant now = executor_.now();
  const bool is_wanted =
      !idle_ || ready_->load(std::memory_order_seq_cst) || (idle_until_ && now >= *idle_until_);
  if (!is_wanted) return idle_until_;
  // It would be asked, was there room: a completion, or the consumer of a full lane, wakes it.
  if (executor_.blocked_lanes != 0 || task_.roots.free_count == 0) return std::nullopt;
  return room() == 0 ? now + kBytesPoll : now;
}

void SpoutRunner::prepare_to_park() noexcept {
  // Its own trees are all open, or a lane is full: a few completions would only have it look.
  const bool waits = active_ && !draining_ && !finished_ && !idle_;
  const bool waits_for_room =
      waits && (task_.roots.free_count == 0 || executor_.blocked_lanes != 0);
  const bool wakes_soon = active_ && !draining_ && !finished_ && idle_ && idle_until_ &&
                          *idle_until_ - executor_.now() <= kLongestOwed;
  // Each executor counts for itself: their shares must add up to no more than a part of the room.
  const auto sharers = static_cast<std::uint32_t>(4 * lanes_.size());
  wake_threshold_.store(waits_for_room || wakes_soon ? task_.roots.capacity / sharers : 0,
                        std::memory_order_relaxed);
  wakes_soon_.store(wakes_soon, std::memory_order_seq_cst);
}

void SpoutRunner::activate() {
  if (std::exchange(active_, true)) return;
  call_spout("on_activate()", [&] { spout_.on_activate(); });
}

void SpoutRunner::deactivate() {
  if (!std::exchange(active_, false)) return;
  call_spout("on_deactivate()", [&] { spout_.on_deactivate(); });
}

void SpoutRunner::begin_drain() {
  if (std::exchange(draining_, true)) return;
  settled_.store(false, std::memory_order_seq_cst);
  call_spout("on_drain()", [&] { spout_.on_drain(); });
}

void SpoutRunner::publish_metrics() {
  TaskMetrics& m = *task_.metrics;
  const RootTable& roots = task_.roots;
  m.opened.store(opened_, std::memory_order_relaxed);
  m.acked.store(acked_, std::memory_order_relaxed);
  m.failed.store(failed_, std::memory_order_relaxed);
  in_flight_.store(roots.in_flight() - expired_count_, std::memory_order_relaxed);
  const bool nothing_in_flight = roots.in_flight() == 0;
  settled_.store(nothing_in_flight && (!draining_ || spout_.is_settled()),
                 std::memory_order_seq_cst);
  finished_flag_.store(finished_, std::memory_order_seq_cst);
}

}  // namespace bora::internal
