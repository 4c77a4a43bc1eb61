#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

#include "bora/ack_token.hpp"
#include "bora/failure.hpp"
#include "bora/gauge.hpp"
#include "bora/record.hpp"

namespace bora {

struct RecordSinkOptions {
  /// Longest wait for room when the sink's queue is full; the tuple then fails as Unavailable, and so
  /// does every further one, without a wait, until something is delivered again. Longer rides out
  /// slower sinks without failures; it must stay well under EngineOptions::message_timeout.
  std::chrono::milliseconds max_wait{1'000};
  /// Longest wait for outcomes when the bolt closes.
  std::chrono::milliseconds close_timeout{5'000};
};

/// Threads: the bolt's thread writes, any may read.
struct RecordSinkStats {
  OwnedCount delivered;
  OwnedCount failed;   ///< Deliveries that failed.
  OwnedCount refused;  ///< Not taken by the sink: full, or this record can never be delivered.
  OwnedCount waits;    ///< Times that the bolt waited for room.
  OwnedCount pending;  ///< Records handed over whose outcome is not known.

  [[nodiscard]] std::vector<Gauge> gauges() const;
};

/// What a failure of this kind means for the tuple: an outage is waited for, bad input is not tried
/// again, everything else is tried again a few times.
[[nodiscard]] FailureKind failure_kind_of(ErrorKind kind) noexcept;
/// The same as the exception that a bolt throws.
[[noreturn]] void throw_as_failure(const Error& error);

/// Hands records to a sink and keeps the duty to ack of each until its outcome is known.
///
/// Threads: single-owner; the sink's thread. Lifetime: dies before the sink.
class RecordSinkWriter {
 public:
  RecordSinkWriter(RecordSink& sink, RecordSinkOptions options, RecordSinkStats& stats)
      : sink_(sink), options_(options), stats_(stats) {}

  /// Hands a record over. On success, place() must follow; otherwise the record is gone.
  [[nodiscard]] Status append(std::string_view topic, Record record);
  /// Keeps the token of what was appended last.
  void place(AckToken token);
  /// After append() found the sink full: waits until something was delivered, at most max_wait. False
  /// when the sink stood still before: then it is not worth waiting.
  [[nodiscard]] bool wait_for_room();

  /// Acks and fails whatever has an outcome by now.
  void take_outcomes();
  /// Has the sink send what it gathers, without waiting.
  void push_out();
  /// Waits for outcomes, at most close_timeout, and fails what has none as abandoned.
  void close();

 private:
  using Slot = std::uint32_t;
  [[nodiscard]] std::size_t pending() const noexcept { return slots_.size() - free_.size(); }

  RecordSink& sink_;
  RecordSinkOptions options_;
  RecordSinkStats& stats_;
  std::vector<AckToken> slots_;  // by tag
  std::vector<Slot> free_;
  Slot appended_ = 0;         // what place() is about
  bool is_standing_ = false;  // full, and nothing was delivered since
  std::vector<RecordSink::Delivery> outcomes_;
};

}  // namespace bora
