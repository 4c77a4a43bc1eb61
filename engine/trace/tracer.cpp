#include "engine/trace/tracer.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <utility>

#include "bora/check.hpp"
#include "bora/spout.hpp"
#include "engine/ack/ledger.hpp"

namespace bora::internal {

namespace {
constexpr std::uint64_t kNotSampled = std::numeric_limits<std::uint64_t>::max();

/// Splitmix64: for each argument another result.
std::uint64_t mix(std::uint64_t x) noexcept {
  x = (x ^ (x >> 30)) * 0xbf58'476d'1ce4'e5b9U;
  x = (x ^ (x >> 27)) * 0x94d0'49bb'1331'11ebU;
  return x ^ (x >> 31);
}
std::uint64_t random_seed() {
  std::random_device device;
  return (std::uint64_t{device()} << 32) | device();
}
}  // namespace

// --- Tracer ---

Tracer::Tracer(Setup setup)
    : setup_(std::move(setup)),
      sink_(*setup_.options->spans),
      mask_((std::uint32_t{1} << setup_.ledger->owner_shift()) - 1),
      seed_(setup_.options->trace_seed != 0 ? setup_.options->trace_seed : random_seed()) {
  while (spouts_.size() < setup_.owners)
    spouts_.push_back(std::make_unique<SpoutTraces>(*this));
}

Tracer::~Tracer() = default;

std::uint64_t Tracer::random() noexcept {
  const std::uint64_t drawn = drawn_.fetch_add(1, std::memory_order_relaxed) + 1;
  const std::uint64_t value = mix(seed_ + drawn * 0x9e37'79b9'7f4a'7c15U);
  return value != 0 ? value : 1;  // ids are not zero
}

TreeRef Tracer::next_in(const Block& block, std::uint32_t& run) const {
  const std::uint32_t stop = std::min(block.count - block.read, run);
  for (std::uint32_t i = 0; i < stop; ++i) {
    const TreeRef tree = traced_tree(block.refs[block.read + i]);
    if (tree == kUntracked) continue;
    run = std::max<std::uint32_t>(i, 1);
    return i == 0 ? tree : kUntracked;
  }
  return kUntracked;
}

TreeRef Tracer::traced_tree(TreeRef ref) const {
  if ((ref & kJointBit) == 0) return is_traced(ref) ? ref : kUntracked;
  const std::vector<TreeRef> trees = setup_.ledger->trees_of(ref);
  const auto found =
      std::find_if(trees.begin(), trees.end(), [this](TreeRef tree) { return is_traced(tree); });
  return found == trees.end() ? kUntracked : *found;
}

const Trace& Tracer::trace(TreeRef tree) const noexcept {
  return spouts_[(tree - 1) >> setup_.ledger->owner_shift()]->at((tree - 1) & mask_);
}

TraceContext Tracer::context(TreeRef tree, std::uint32_t task) const {
  const Trace& t = trace(tree);
  const SpanId latest = t.latest[task].load(std::memory_order_relaxed);
  return {t.root.trace, latest != SpanId{} ? latest : t.root.span};
}

Tracer::Hop Tracer::begin(TreeRef tree, const TaskBase& producer, const TaskBase& consumer) {
  const Hop hop{tree, next_span(), context(tree, producer.identity.id).span};
  trace(tree).latest[consumer.identity.id].store(hop.span, std::memory_order_relaxed);
  return hop;
}

Span Tracer::span_of(TreeRef tree, const TaskBase& task, Span::Kind kind) const {
  const SpoutTraces& spout = *spouts_[(tree - 1) >> setup_.ledger->owner_shift()];
  const std::uint32_t slot = (tree - 1) & mask_;
  Span span;
  span.at = spout.at(slot).root;
  span.kind = kind;
  span.topology = setup_.topology;
  span.component = task.identity.component;
  span.task = task.identity.index;
  span.source = spout.source();
  span.message = spout.roots().slots[slot].id;
  return span;
}

void Tracer::end(const Hop& hop, const TaskBase& task, const Times& times, std::string failure) {
  const std::chrono::nanoseconds offset = trace(hop.tree).wall_offset;
  Span queue = span_of(hop.tree, task, Span::Kind::kQueue);
  Span execute = queue;
  queue.at.span = next_span();
  queue.parent = execute.parent = hop.parent;
  queue.from = times.queued.time_since_epoch() + offset;
  queue.took = std::max<Instant::duration>(times.began - times.queued, Instant::duration::zero());
  sink_.take(std::move(queue));
  execute.kind = Span::Kind::kExecute;
  execute.at.span = hop.span;
  execute.from = times.began.time_since_epoch() + offset;
  execute.took = times.ended - times.began;
  execute.failure = std::move(failure);
  sink_.take(std::move(execute));
}

// --- SpoutTraces ---

SpoutTraces::SpoutTraces(Tracer& tracer) : tracer_(tracer), first_slot_(tracer.setup_.first_slot) {
  traces_.resize(Tracer::kSlots);
  for (Trace& trace : traces_)
    trace.latest = std::make_unique<std::atomic<SpanId>[]>(tracer.setup_.tasks);
  until_ = draw();
}

void SpoutTraces::attach(RootTable& roots, const TaskBase& task, const std::string& source) {
  roots_ = &roots;
  task_ = &task;
  source_ = source;
  roots.traces = this;
}

/// Messages until the next one that is traced, each of which is with the same chance.
std::uint64_t SpoutTraces::draw() {
  const double share = tracer_.setup_.options->trace_share;
  if (share >= 1) return 0;
  if (share <= 0) return kNotSampled;
  const double chance = static_cast<double>(tracer_.random() >> 11) * 0x1p-53;
  const double messages = std::floor(std::log1p(-chance) / std::log1p(-share));
  return messages < 1e18 ? static_cast<std::uint64_t>(messages) : kNotSampled;
}

/// The wall clock counts whole milliseconds: the greatest difference that was seen is the truest. A clock
/// that was set is believed.
std::chrono::nanoseconds SpoutTraces::wall_offset() {
  const Clock& clock = *tracer_.setup_.clock;
  const std::chrono::nanoseconds seen =
      clock.wall_now().time_since_epoch() - clock.now().time_since_epoch();
  if (seen > wall_offset_ || seen < wall_offset_ - std::chrono::milliseconds{2})
    wall_offset_ = seen;
  return wall_offset_;
}

Trace* SpoutTraces::idle() noexcept {
  const auto found = std::find_if(traces_.begin(), traces_.end(), [](const Trace& trace) {
    return trace.state == Trace::State::kIdle;
  });
  return found == traces_.end() ? nullptr : &*found;
}

Trace* SpoutTraces::arm(std::uint32_t position) {
  Trace* const trace = idle();
  if (trace == nullptr) return nullptr;
  trace->state = Trace::State::kArmed;
  trace->due = kNotSampled;
  trace->position = position;
  trace->benched = std::exchange(roots_->free[position],
                                 first_slot_ + static_cast<std::uint32_t>(trace - traces_.data()));
  trace->root = {{tracer_.random(), tracer_.random()}, tracer_.next_span()};
  trace->parent = SpanId{};
  trace->wall_offset = wall_offset();
  // relaxed: nobody has anything of this message yet.
  for (std::uint32_t task = 0; task < tracer_.setup_.tasks; ++task)
    trace->latest[task].store(SpanId{}, std::memory_order_relaxed);
  return trace;
}

void SpoutTraces::begin_batch(std::size_t max) {
  in_batch_ = true;
  while (until_ < max) {
    Trace* const trace = arm(roots_->free_count - 1 - static_cast<std::uint32_t>(until_));
    if (trace == nullptr) return;
    trace->due = until_;
    const std::uint64_t next = draw();
    until_ = next == kNotSampled ? next : until_ + 1 + next;
  }
}

void SpoutTraces::end_batch(std::uint32_t opened) {
  in_batch_ = false;
  for (Trace& trace : traces_) {
    if (trace.state != Trace::State::kArmed) continue;
    if (trace.position >= roots_->free_count) {
      trace.state = Trace::State::kOpen;
      continue;
    }
    roots_->free[trace.position] = trace.benched;
    trace.state = Trace::State::kIdle;
    until_ = std::min(until_, trace.due);  // it is the next one's turn to be that
  }
  if (until_ == kNotSampled) return;
  // One that was due while as many as can be were traced goes by.
  until_ = until_ >= opened ? until_ - opened : draw();
}

void SpoutTraces::adopt(const TraceContext& from) {
  if (!in_batch_ || roots_->free_count == 0) return;
  const std::uint32_t top = roots_->free_count - 1;
  const std::uint32_t slot = roots_->free[top];
  Trace* const trace = is_traced(slot) ? &traces_[slot - first_slot_] : arm(top);
  if (trace == nullptr) return;
  trace->root.trace = from.trace;
  trace->parent = from.span;
}

void SpoutTraces::end_message(std::uint32_t slot, Instant now, std::string failure) {
  const Trace& trace = at(slot);
  const RootTable::Slot& root = roots_->slots[slot];
  const TreeRef tree = roots_->base + slot;
  Span span = tracer_.span_of(tree, *task_, Span::Kind::kMessage);
  span.parent = trace.parent;
  span.from = root.opened_at.time_since_epoch() + trace.wall_offset;
  span.took = now - root.opened_at;
  span.failure = std::move(failure);
  tracer_.sink_.take(std::move(span));
}

std::uint32_t SpoutTraces::free(std::uint32_t slot) noexcept {
  Trace& trace = traces_[slot - first_slot_];
  trace.state = Trace::State::kIdle;
  return trace.benched;
}

void SpoutTraces::correct(std::vector<bool>& in_use) const {
  for (std::uint32_t i = 0; i < traces_.size(); ++i) {
    if (traces_[i].state != Trace::State::kOpen) continue;
    in_use[traces_[i].benched] = false;
    in_use[first_slot_ + i] = true;
  }
}

std::vector<bool> slots_in_use(const RootTable& roots) {
  std::vector<bool> in_use(roots.slot_count, false);
  std::fill_n(in_use.begin(), roots.capacity, true);
  for (const std::uint32_t slot : roots.free_slots())
    in_use[slot] = false;
  if (roots.traces != nullptr) roots.traces->correct(in_use);
  return in_use;
}

}  // namespace bora::internal
