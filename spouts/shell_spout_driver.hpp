#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "bora/coalesced_post.hpp"
#include "bora/component.hpp"
#include "bora/emit_targets.hpp"
#include "bora/failure.hpp"
#include "bora/gauge.hpp"
#include "bora/message_id.hpp"
#include "bora/spout.hpp"
#include "connectors/multilang/child.hpp"
#include "connectors/multilang/component.hpp"

namespace bora {

struct ShellSpoutOptions : multilang::ComponentOptions {
  /// Pause after a `next` that brought nothing; it doubles with each further one, up to max_pause.
  /// Longer leaves the child in peace, shorter brings the first tuple after a silence sooner.
  std::chrono::milliseconds pause{5};
  std::chrono::milliseconds max_pause{100};
  /// Tuples that may wait here to be emitted before the child is not listened to any more.
  std::size_t max_waiting = 1'000;
};

/// Threads: the spout's thread writes, any may read.
struct ShellSpoutStats {
  OwnedCount emitted, acked, failed, errors, deaths, up;
};

/// The part of a ShellSpout that does not depend on its tuples' types.
/// Threads: single-owner, the spout's thread; but gauges().
class ShellSpoutDriver {
 public:
  /// A stream that the child may emit on.
  struct Stream {
    std::string name;
    std::vector<std::string> fields;
    /// Emits a tuple, tracked if there is an id. An error says why the values are no tuple of it.
    std::function<Status(const multilang::Values&, const MessageId* id, std::size_t bytes)> emit;
  };

  explicit ShellSpoutDriver(ShellSpoutOptions options);

  void declare(Stream stream) { streams_.push_back(std::move(stream)); }
  Status open(Context& context);
  void close();

  Next next_batch(std::size_t max);
  void acked(std::span<const MessageId> ids);
  void failed(const Failure& failure);
  void activate();
  void deactivate();
  void drain();
  [[nodiscard]] bool is_settled() const { return !is_up_ || commands_.empty(); }

  [[nodiscard]] std::vector<Gauge> gauges() const;
  [[nodiscard]] const ShellSpoutStats& stats() const noexcept { return stats_; }

 private:
  enum class Command : std::uint8_t { kNext, kOther };
  struct Waiting {
    multilang::Emit emit;
    std::uint64_t run;
  };
  /// What the child calls a message in flight, and which child.
  struct Known {
    multilang::Value id;
    std::uint64_t run;
  };

  void take_events();
  void on(const multilang::ChildStarted& started, std::uint64_t run);
  void on(const multilang::ChildDied& died, std::uint64_t run);
  void on(multilang::ChildMessage& message, std::uint64_t run);
  void on_emit(multilang::Emit& emit, std::uint64_t run);
  void on_sync();
  void emit(const Waiting& waiting);
  Status emit_on_stream(const Waiting& waiting, const MessageId* id);
  void drop_waiting();
  void answer(const Waiting& waiting, std::span<const std::int64_t> tasks);
  void tell(Command command, std::string message);
  void tell_verdict(const char* verdict, const MessageId& id);
  void report(std::string text);

  const ShellSpoutOptions options_;
  std::vector<Stream> streams_;
  ShellSpoutStats stats_;
  multilang::ChildMetrics metrics_;
  multilang::Roster roster_;
  std::optional<EmitTargets> targets_;          // from open() on
  std::vector<multilang::Consumer> consumers_;  // likewise
  Context* context_ = nullptr;
  std::function<void()> waker_;
  std::unique_ptr<multilang::Child> child_;
  std::uint64_t run_ = 0;  // of the child that is up
  bool is_up_ = false;
  bool is_active_ = true;
  bool is_draining_ = false;
  std::deque<Command> commands_;  // without an answer, in order
  bool is_next_asked_ = false;
  bool has_next_brought_ = false;
  std::chrono::milliseconds pause_{0};
  Instant next_at_{};  // not before
  std::deque<Waiting> waiting_;
  std::unordered_map<std::uint64_t, Known> in_flight_;  // by offset
  std::uint64_t next_offset_ = 0;
  std::vector<multilang::ChildEvent> events_;
  CoalescedPost wake_;
};

}  // namespace bora
