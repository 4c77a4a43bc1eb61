#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "bora/clock.hpp"
#include "bora/status.hpp"
#include "services/gateway/outbox.hpp"

namespace bora::gateway {

/// Stores what many senders bring, with one commit for all that came while the last one was written.
///
/// Threads: thread-safe; a thread of its own owns the outbox and calls what is handed in.
/// Lifetime: `clock` outlives it; the destructor stops.
class OutboxWriter {
 public:
  struct Options {
    std::string topic;
    /// Bytes that wait for the disk; one submission more is refused.
    std::size_t max_queued_bytes = std::size_t{8} << 20;
  };
  using Done = std::function<void(Status)>;

  OutboxWriter(std::unique_ptr<Outbox> outbox, Options options, const Clock& clock);
  ~OutboxWriter();
  OutboxWriter(const OutboxWriter&) = delete;
  OutboxWriter& operator=(const OutboxWriter&) = delete;

  /// Stores all messages or none, and then calls `done`, on the writer's thread; ok: they are durable.
  /// An error is returned instead when they were not even queued: kUnavailable, kClosed.
  /// `traceparent` is stored with each; empty: they are not traced.
  Status submit(std::vector<std::string> messages, Done done, std::string traceparent = {});
  /// submit(), and waits for what becomes of it.
  Status store(std::vector<std::string> messages, std::string traceparent = {});

  /// Takes no more, and returns when everything queued is answered. Safe to call twice.
  void stop();

  [[nodiscard]] std::uint64_t stored() const;   ///< Messages.
  [[nodiscard]] std::uint64_t commits() const;  ///< That stored them.

 private:
  struct Submission {
    std::vector<OutboxMessage> messages;
    Done done;
  };
  void work();
  void commit(std::vector<Submission>& group);

  const std::unique_ptr<Outbox> outbox_;  // the thread's
  const Options options_;
  const Clock& clock_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Submission> queue_;  // guarded by mutex_, and so is the rest
  std::size_t queued_bytes_ = 0;
  bool is_stopping_ = false;
  std::uint64_t stored_ = 0;
  std::uint64_t commits_ = 0;

  std::thread thread_;
};

}  // namespace bora::gateway
