#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "bora/clock.hpp"
#include "bora/retry.hpp"
#include "bora/status.hpp"
#include "connectors/multilang/messages.hpp"
#include "connectors/multilang/process.hpp"

namespace bora::multilang {

/// How the protocol goes on after the handshake.
enum class Role : std::uint8_t {
  kBolt,   ///< Both sides talk as they like; heartbeats show that the child lives.
  kSpout,  ///< A command at a time, each answered by a sync.
};

struct ChildOptions {
  ProcessOptions process = {};
  /// Longest time from the start of the process until it is ready: it has answered the handshake, and
  /// has initialised itself and answered the first thing that it was asked.
  std::chrono::milliseconds start_timeout{30'000};
  /// Bolts: time between heartbeats. Shorter finds a hanging child no sooner than heartbeat_timeout.
  std::chrono::milliseconds heartbeat_interval{1'000};
  /// A child that owes an answer and says nothing at all for so long hangs: it is killed. It must be
  /// longer than the longest work on one tuple.
  std::chrono::milliseconds heartbeat_timeout{30'000};
  /// When it is stopped: time to end by itself after its standard input was closed.
  std::chrono::milliseconds stop_grace{2'000};
  /// Pauses between a death and the next start; the count begins anew after `steady_after` of life.
  RetryPolicy restart{.first_backoff = std::chrono::milliseconds{200},
                      .max_backoff = std::chrono::milliseconds{10'000}};
  std::chrono::milliseconds steady_after{30'000};
  std::size_t max_message_bytes = std::size_t{8} << 20;  ///< Of one message from the child.
  /// Bytes that wait for poll() before the child is not read any more, and has to wait itself.
  std::size_t max_waiting_bytes = std::size_t{4} << 20;
  /// Lines for the log: of the child's standard error, its log messages, its starts and deaths. Called
  /// on the child's thread; must not wait. Null drops them.
  std::function<void(LogLevel level, std::string_view text)> on_log = {};
};

struct ChildStarted {
  std::int64_t pid = 0;
};
struct ChildDied {
  std::string reason;  ///< How, and its last words on standard error.
};
struct ChildEvent {
  std::uint64_t run = 0;  ///< Counts the starts: which child said it.
  std::variant<ChildStarted, ChildMessage, ChildDied> what;
};

/// A child process that speaks multilang: started, watched, killed when it hangs or talks nonsense, and
/// started again, after growing pauses, for as long as this object lives.
///
///   Child child{Role::kBolt, options, handshake, clock};
///   if (Status started = child.start(wake); !started) return started;
///   child.send(run, tuple_message(...));     // run: of the last ChildStarted that poll() gave
///   child.poll(events);                      // ChildStarted, messages, ChildDied, in order
///
/// Bounds: what waits for poll() and for the child to read is bounded by stopping to read the child; what
/// send() is given is bounded by whoever calls it.
/// Threads: single-owner, but gauges. It has one thread, on which the process is started and served.
/// Lifetime: the destructor stops it.
class Child {
 public:
  /// `clock` outlives the child.
  Child(Role role, ChildOptions options, Handshake handshake, const Clock& clock);
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  /// Starts it and waits until it is ready. `wake` is called, on the child's thread, when
  /// poll() would return something after it returned nothing; it only signals.
  /// Fails when this first start does: a command that cannot work should be told at once.
  [[nodiscard]] Status start(std::function<void()> wake);

  /// Queues a message for the child of that run; drops it when that one is dead.
  void send(std::uint64_t run, std::string message);
  /// The same, ahead of what send() queued: what the child waits for in the middle of a command.
  void answer(std::uint64_t run, std::string message);

  /// Appends what came to `out`, without waiting. Returns how much.
  std::size_t poll(std::vector<ChildEvent>& out);
  /// Waits until poll() would return something, at most `timeout`. False when it would not.
  bool wait(std::chrono::milliseconds timeout);

  /// Closes the child's standard input, gives it stop_grace to end, then ends it. Safe to call twice.
  void stop();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace bora::multilang
