#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bora/clock.hpp"
#include "bora/gauge.hpp"
#include "bora/status.hpp"
#include "bora/trace.hpp"

namespace bora {

class OutputBase;
namespace internal {
class ExecutorContext;
class TaskBase;
class Mailbox;
}  // namespace internal

/// Runs functions on a component's own thread, from any thread: how a pool or a library callback
/// hands its result back. Cheap to copy; may outlive the topology.
/// Threads: thread-safe.
class Poster {
 public:
  Poster() = default;
  Poster(std::shared_ptr<internal::Mailbox> mailbox, internal::TaskBase& task)
      : mailbox_(std::move(mailbox)), task_(&task) {}
  /// Queues `fn`. Returns false, without running it, when the topology has ended.
  bool post(std::function<void()> fn) const;

 private:
  std::shared_ptr<internal::Mailbox> mailbox_;  // with the executor
  internal::TaskBase* task_ = nullptr;          // valid while the mailbox takes letters
};

/// What a component's task knows of its surroundings. Valid from open() to close(), on the task's own
/// thread only, save what poster() and waker() return.
class Context {
 public:
  explicit Context(internal::TaskBase& task) noexcept : task_(&task) {}

  [[nodiscard]] std::string_view component() const noexcept;
  [[nodiscard]] std::uint32_t task() const noexcept;  ///< 0 .. tasks() - 1
  [[nodiscard]] std::uint32_t tasks() const noexcept;
  [[nodiscard]] const Clock& clock() const noexcept;

  /// Calls `fn` on this thread every `period`, first after one period, until close(). A late call is
  /// not made up for. Emits inside are unanchored unless a token is given.
  void every(std::chrono::nanoseconds period, std::function<void()> fn);
  /// Calls `fn` on this thread once, after `delay`.
  void after(std::chrono::nanoseconds delay, std::function<void()> fn);

  [[nodiscard]] Poster poster() const;
  /// For spouts: makes the engine ask next_batch() again after it said idle. Thread-safe, may
  /// outlive the topology, costs an atomic exchange when nothing sleeps.
  [[nodiscard]] std::function<void()> waker() const;

  /// Adds to the component's last errors, which the control plane shows, without failing a tuple.
  void report_error(std::string text);

  /// Where in a trace the tuple is that is being executed, for what leaves the process because of it;
  /// nothing when its message is not traced.
  [[nodiscard]] std::optional<TraceContext> trace() const;

 private:
  internal::TaskBase* task_;
};

/// What spouts and bolts have in common. One instance per task, used by one thread at a time.
class Component {
 public:
  Component() = default;
  Component(const Component&) = delete;
  Component& operator=(const Component&) = delete;
  virtual ~Component() = default;

  /// Called once, on the task's thread, before anything else. Get connections here, not in the
  /// constructor: the constructor also runs when a topology is only being validated. An error (or an
  /// exception) ends the start of the topology with its text.
  virtual Status open(Context&) { return {}; }
  /// Called once, on the task's thread, after the last tuple; also when a later open() failed.
  virtual void close() {}

  /// Numbers of its own that operators should see, beside the engine's.
  /// Threads: any, at any time in the component's life; so they are atomics, read one by one.
  [[nodiscard]] virtual std::vector<Gauge> gauges() const { return {}; }

  [[nodiscard]] const std::vector<OutputBase*>& outputs() const noexcept { return outputs_; }

 private:
  friend class OutputBase;
  std::vector<OutputBase*> outputs_;  // members of the derived class: they live as long as it does
};

}  // namespace bora
