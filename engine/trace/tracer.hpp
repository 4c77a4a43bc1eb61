#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bora/clock.hpp"
#include "bora/internal/block.hpp"
#include "bora/internal/task.hpp"
#include "bora/internal/tree_ref.hpp"
#include "bora/options.hpp"
#include "bora/trace.hpp"

namespace bora::internal {

class Ledger;
class SpoutTraces;
struct RootTable;

/// A message that is traced. Written by its spout before anything of it is handed over; what bolts write
/// is atomic.
struct Trace {
  TraceContext root;                       // the message's own span
  SpanId parent{};                         // zero: it began here
  std::chrono::nanoseconds wall_offset{};  // from Instants to the time since 1970
  /// By task: its latest span of this message, or zero. Relaxed: tasks learn of spans with the tuples
  /// that came of them.
  std::unique_ptr<std::atomic<SpanId>[]> latest;

  // the spout's
  enum class State : std::uint8_t { kIdle, kArmed, kOpen };
  State state = State::kIdle;
  std::uint32_t benched = 0;   // the slot whose place it takes
  std::uint32_t position = 0;  // kArmed: in the stack of free slots
  std::uint64_t due = 0;       // kArmed: after how many messages of the batch
};

/// Spans of a few messages of one topology.
///
/// A tuple says by its tree whether it is traced: the trees of traced messages are those of slots that
/// no others get (SpoutTraces). So other tuples carry nothing and cost nothing, and a bolt finds traced
/// ones by a look at the references of a block, which happens only while there is a Tracer.
///
/// A hop's parent is the latest span of this message in the task that it comes from: exact where a task
/// takes one tuple of a message, as most do.
/// Threads: thread-safe, save what SpoutTraces says. Lifetime: within its Runtime.
class Tracer {
 public:
  /// Messages of a spout task that are traced at a time, at most.
  static constexpr std::uint32_t kSlots = 64;

  struct Setup {
    const EngineOptions* options = nullptr;  // with spans
    const Clock* clock = nullptr;
    std::string topology;
    const Ledger* ledger = nullptr;
    std::uint32_t owners = 0;
    std::uint32_t tasks = 0;
    std::uint32_t first_slot = 0;  // of traced messages, of every spout task
  };
  explicit Tracer(Setup setup);
  ~Tracer();

  [[nodiscard]] SpoutTraces& spout(std::uint32_t owner) noexcept { return *spouts_[owner]; }

  /// The first traced tree among the next `run` tuples of a block; kUntracked when there is none. Sets
  /// `run` so that the traced tuple runs by itself: to 1 when it is next, else to what is before it.
  [[nodiscard]] TreeRef next_in(const Block& block, std::uint32_t& run) const;
  /// The traced tree that a reference names, or, of a joint, the first; else kUntracked.
  [[nodiscard]] TreeRef traced_tree(TreeRef ref) const;
  /// Where `task` is in the trace of a traced tree.
  [[nodiscard]] TraceContext context(TreeRef tree, std::uint32_t task) const;

  /// A task begins to execute a tuple of a traced tree.
  struct Hop {
    TreeRef tree = kUntracked;
    SpanId span{};
    SpanId parent{};
  };
  [[nodiscard]] Hop begin(TreeRef tree, const TaskBase& producer, const TaskBase& consumer);
  struct Times {
    Instant queued;
    Instant began;
    Instant ended;
  };
  void end(const Hop& hop, const TaskBase& task, const Times& times, std::string failure);

 private:
  friend class SpoutTraces;
  [[nodiscard]] bool is_traced(TreeRef ref) const noexcept {
    return (ref & kJointBit) == 0 && ((ref - 1) & mask_) >= setup_.first_slot && ref != kUntracked;
  }
  [[nodiscard]] const Trace& trace(TreeRef tree) const noexcept;
  [[nodiscard]] std::uint64_t random() noexcept;
  [[nodiscard]] SpanId next_span() noexcept { return SpanId{random()}; }
  /// A span of this tree and task, without its times.
  [[nodiscard]] Span span_of(TreeRef tree, const TaskBase& task, Span::Kind kind) const;

  const Setup setup_;
  SpanSink& sink_;
  const std::uint32_t mask_;
  std::uint64_t seed_ = 0;
  std::atomic<std::uint64_t> drawn_{0};  // relaxed: numbers are to differ, in any order
  std::vector<std::unique_ptr<SpoutTraces>> spouts_;  // by owner
};

/// Which messages of one spout task are traced. A traced message gets a slot of its own kind: before the
/// spout is asked for a batch, such slots take the places of others in the stack of free ones, so that
/// opening a message is what it always was.
/// Threads: single-owner; the spout's.
class SpoutTraces {
 public:
  explicit SpoutTraces(Tracer& tracer);

  void attach(RootTable& roots, const TaskBase& task, const std::string& source);
  /// Before and after next_batch(), which opens `max` messages at most.
  void begin_batch(std::size_t max);
  void end_batch(std::uint32_t opened);
  /// Has the next message go on with `from`. Requires: within a batch.
  void adopt(const TraceContext& from);
  /// The message of a traced slot is done, or failed.
  void end_message(std::uint32_t slot, Instant now, std::string failure);
  /// The slot is free again. Returns the one whose place it took.
  [[nodiscard]] std::uint32_t free(std::uint32_t slot) noexcept;

  [[nodiscard]] bool is_traced(std::uint32_t slot) const noexcept { return slot >= first_slot_; }
  /// Corrects what the stack of free slots says: see slots_in_use().
  void correct(std::vector<bool>& in_use) const;
  [[nodiscard]] const Trace& at(std::uint32_t slot) const noexcept {
    return traces_[slot - first_slot_];
  }
  [[nodiscard]] const RootTable& roots() const noexcept { return *roots_; }
  [[nodiscard]] const std::string& source() const noexcept { return source_; }

 private:
  [[nodiscard]] Trace* idle() noexcept;
  /// Puts an idle trace's slot at `position` of the free stack. Null: as many as can be are traced.
  Trace* arm(std::uint32_t position);
  [[nodiscard]] std::uint64_t draw();
  [[nodiscard]] std::chrono::nanoseconds wall_offset();

  Tracer& tracer_;
  const std::uint32_t first_slot_;
  RootTable* roots_ = nullptr;
  const TaskBase* task_ = nullptr;
  std::string source_;
  std::vector<Trace> traces_;
  std::uint64_t until_ = 0;  // messages that go by untraced before the next one that is
  bool in_batch_ = false;
  std::chrono::nanoseconds wall_offset_ = std::chrono::nanoseconds::min();
};

/// By slot: whether a message is in flight there.
[[nodiscard]] std::vector<bool> slots_in_use(const RootTable& roots);

}  // namespace bora::internal
