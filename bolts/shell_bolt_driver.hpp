#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bora/ack_token.hpp"
#include "bora/coalesced_post.hpp"
#include "bora/component.hpp"
#include "bora/emit_targets.hpp"
#include "bora/failure.hpp"
#include "bora/gauge.hpp"
#include "connectors/multilang/child.hpp"
#include "connectors/multilang/component.hpp"

namespace bora {

struct ShellBoltOptions : multilang::ComponentOptions {
  /// Whose tuples they are, and what their values are called.
  multilang::StreamInfo input{.component = "input"};
  /// Tuples that the child may have at once. More hides the way to and from the child; fewer are tried
  /// again when it dies, and expire less soon when it is slow: all of them wait for one another.
  std::size_t max_pending = 100;
  /// Longest wait for the child to be done with any tuple when it has max_pending; then tuples fail as
  /// Unavailable, so that their source waits. Well under EngineOptions::message_timeout.
  std::chrono::milliseconds max_wait{5'000};
  /// Sends a tick tuple (component `__system`, stream `__tick`) this often; zero: never.
  std::chrono::milliseconds tick{0};
};

/// Threads: the bolt's thread writes, any may read.
struct ShellBoltStats {
  OwnedCount acked, failed, emitted, errors, deaths, waits, pending, up;
};

/// The part of a ShellBolt that does not depend on its tuples' types: what the child has in hand, and what
/// becomes of it.
/// Threads: single-owner, the bolt's thread; but gauges().
class ShellBoltDriver {
 public:
  using Anchors = std::span<const AckToken* const>;
  /// A stream that the child may emit on.
  struct Stream {
    std::string name;
    std::vector<std::string> fields;
    /// Emits a tuple, anchored to all of `anchors`. An error says why the values are no tuple of it.
    std::function<Status(const multilang::Values&, Anchors anchors)> emit;
  };

  explicit ShellBoltDriver(ShellBoltOptions options);

  void declare(Stream stream) { streams_.push_back(std::move(stream)); }
  Status open(Context& context);
  void close();

  /// Returns when the child may be given a tuple. Throws Unavailable when it is dead, or does nothing.
  void wait_for_room();
  /// Requires: wait_for_room() returned. Throws Permanent when the values cannot be written.
  void send(const multilang::Values& values, AckToken token);
  void take_events();

  [[nodiscard]] std::vector<Gauge> gauges() const;
  [[nodiscard]] const ShellBoltStats& stats() const noexcept { return stats_; }

 private:
  /// A tuple that the child has. Its token is empty once it was failed here: the child does not know.
  struct Pending {
    AckToken token;
    bool is_failed = false;
  };
  using PendingById = std::map<std::uint64_t, Pending>;

  [[nodiscard]] PendingById::iterator find(std::string_view id);
  void take(multilang::ChildEvent& event);
  void on(const multilang::ChildStarted& started, std::uint64_t run);
  void on(const multilang::ChildDied& died, std::uint64_t run);
  void on(multilang::ChildMessage& message, std::uint64_t run);
  void on_emit(const multilang::Emit& emit, std::uint64_t run);
  void emit_to(const Stream& stream, const multilang::Emit& emit, Anchors anchors);
  void on_ack(const multilang::Ack& ack);
  void on_fail(const multilang::Fail& fail);
  void fail_pending(Pending& pending, FailureKind kind, const std::string& reason);
  void report(std::string text);
  void send_tick();

  const ShellBoltOptions options_;
  std::vector<Stream> streams_;
  ShellBoltStats stats_;
  multilang::ChildMetrics metrics_;
  multilang::Roster roster_;
  std::optional<EmitTargets> targets_;          // from open() on
  std::vector<multilang::Consumer> consumers_;  // likewise
  std::int64_t input_task_ = 0;
  Context* context_ = nullptr;
  std::unique_ptr<multilang::Child> child_;
  std::uint64_t run_ = 0;  // of the child that is up
  bool is_up_ = false;
  std::string down_reason_;
  PendingById pending_;  // oldest first
  std::uint64_t next_id_ = 1;
  std::uint64_t ticks_ = 0;
  std::uint64_t settled_ = 0;         // acks and fails: progress
  bool is_standing_ = false;          // full, and nothing was settled since
  bool last_settled_failed_ = false;  // the child has named the tuple that it cannot do
  std::string last_error_;            // that it reported, for the next fail
  std::vector<multilang::ChildEvent> events_;
  CoalescedPost wake_;
};

}  // namespace bora
