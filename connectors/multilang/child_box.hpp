#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "connectors/multilang/child.hpp"
#include "connectors/multilang/process.hpp"

namespace bora::multilang::internal {

/// Where a child's owner and a child's thread meet.
/// Threads: thread-safe. The child's thread sleeps in poll(), so it is woken through a descriptor.
class ChildBox {
 public:
  explicit ChildBox(std::size_t max_waiting_bytes);

  // The owner's side.
  void on_event(std::function<void()> wake);
  void send(std::uint64_t run, std::string message);
  void answer(std::uint64_t run, std::string message);
  std::size_t take_events(std::vector<ChildEvent>& out);
  bool wait_event(std::chrono::milliseconds timeout);
  void stop();

  // The child's side.
  /// Descriptor that can be read when something was sent, room was made, or stop() was called.
  [[nodiscard]] int wake_descriptor() const noexcept { return wake_fd_.get(); }
  void clear_wake() noexcept;
  [[nodiscard]] bool is_stopping() const;
  /// False: no room for what a child says; wake_descriptor() tells when there is.
  [[nodiscard]] bool has_room();
  /// Of answer(), that the child did not take yet.
  [[nodiscard]] std::size_t answer_bytes();
  void push(ChildEvent event, std::size_t bytes);
  /// Messages queued by answer() and by send(), of `run`; older ones are dropped. Says how many answers.
  std::size_t take_answers(std::uint64_t run, std::string& out);
  void take_messages(std::uint64_t run, std::size_t max_messages, std::size_t max_bytes,
                     std::string& out);
  /// True when stop() was called by the end of `timeout`.
  bool wait_stop(std::chrono::milliseconds timeout);

 private:
  struct Outgoing {
    std::uint64_t run;
    std::string message;
  };
  void signal() noexcept;

  const std::size_t max_waiting_bytes_;
  Fd wake_fd_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_:
  std::function<void()> wake_;
  std::vector<Outgoing> answers_;
  std::size_t answer_bytes_ = 0;
  std::vector<Outgoing> messages_;
  std::size_t next_message_ = 0;  // those before it are taken
  std::vector<ChildEvent> events_;
  std::size_t event_bytes_ = 0;
  bool is_full_ = false;  // the child's thread waits for room
  bool is_stopping_ = false;
};

}  // namespace bora::multilang::internal
