#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

#include "bora/record.hpp"
#include "bora/status.hpp"
#include "services/admin/audit_log.hpp"
#include "services/admin/change.hpp"

namespace bora::admin {

struct OutboxOptions {
  /// After a failure of the topic or the audit log; then everything that is open is tried again.
  std::chrono::milliseconds retry_after{500};
};

/// Makes happen what follows from changes, in their order: the line in the audit log, the record in
/// topic `registry`. When a record is refused, it and everything behind it goes out again, so the last
/// record of each key is always that of the last change.
///
/// Threads: thread-safe; a thread of its own does the work, and calls what is handed in.
/// Lifetime: the destructor leaves what is open to the next start.
class Outbox {
 public:
  struct Wiring {
    std::function<std::unique_ptr<RecordSink>()> make_sink;  ///< Called on the outbox's thread.
    std::unique_ptr<AuditLog> audit;
    /// Everything up to this change has happened.
    std::function<void(std::uint64_t sequence)> forget;
    /// One line when something fails, at most one each `retry_after`; must not wait. May be null.
    std::function<void(const std::string& text)> on_event = {};
  };

  Outbox(Wiring wiring, OutboxOptions options);
  ~Outbox();
  Outbox(const Outbox&) = delete;
  Outbox& operator=(const Outbox&) = delete;

  /// Takes the next change. Requires: in the order of sequences.
  void push(Change change);
  /// Calls `done` once everything up to `sequence` has happened: at once, or on the outbox's thread.
  /// Dropped uncalled when the outbox ends before.
  void when_done(std::uint64_t sequence, std::function<void()> done);
  /// Changes that have not happened yet.
  [[nodiscard]] std::size_t open() const;
  /// Whether everything pushed has happened by then.
  [[nodiscard]] bool wait_until_empty(std::chrono::milliseconds timeout) const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace bora::admin
