#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "bora/clock.hpp"
#include "bora/record.hpp"
#include "bora/retry.hpp"
#include "bora/retry_buffer.hpp"
#include "spouts/dead_letter.hpp"

namespace bora {

/// Writes dead letters, each until its write is acknowledged. While the sink is away they wait here, in
/// order; a letter that it refuses (no such topic, no right to write, too large) waits by itself and
/// holds up no other. Both are tried again with a growing pause, for ever: giving up would lose the
/// record. `on_error` hears of it, because a refusal needs somebody to mend it.
///
/// Threads: single-owner; the sink's thread. Lifetime: dies before the sink.
class DeadLetterWriter {
 public:
  struct Options {
    std::string topic;
    RetryPolicy retry;  ///< Only its pauses.
    std::function<void(std::string)> on_error;
  };
  DeadLetterWriter(RecordSink& sink, Options options);

  /// Takes on a letter and tries to write it, if no other waits.
  void add(std::shared_ptr<const Record> original, DeadLetterContext context, Instant now);
  /// Looks for outcomes and writes what waits, if it is time. Appends the positions of letters that
  /// are durable to `written`.
  void run(Instant now, std::vector<RecordPosition>& written);
  /// Waits for outcomes, at most `timeout`; run() tells them.
  void flush(std::chrono::milliseconds timeout);
  /// Forgets the letters of a partition that is no longer ours. What was handed to the sink already
  /// may still be written.
  void forget(std::uint32_t partition);

  /// Letters not known to be durable.
  [[nodiscard]] std::size_t size() const noexcept { return letters_.size(); }
  /// When run() should be called again for what waits; nothing when only outcomes are awaited.
  [[nodiscard]] std::optional<Instant> next_due() const noexcept;
  /// Writes that failed so far.
  [[nodiscard]] std::uint64_t failures() const noexcept { return failures_; }

 private:
  using Tag = RecordSink::Tag;
  struct Letter {
    std::shared_ptr<const Record> original;  // with the tuples made of it
    DeadLetterContext context;
    std::uint32_t refusals = 0;
  };
  void send_ready(Instant now);
  void on_outage(const Status& status, Instant now);
  void on_refusal(Tag tag, Letter& letter, const Status& status, Instant now);
  void report(const Status& status) const;

  RecordSink& sink_;
  Options options_;
  std::unordered_map<Tag, Letter> letters_;
  // Tags to be sent, by order of arrival, and refused ones; those of forgotten letters are passed over.
  std::deque<Tag> ready_;
  RetryBuffer<Tag> refused_{std::numeric_limits<std::size_t>::max()};
  Tag next_tag_ = 1;
  std::uint32_t outages_in_a_row_ = 0;
  std::uint64_t failures_ = 0;
  Instant not_before_{};  // while the sink is away
  std::vector<RecordSink::Delivery> deliveries_;
};

}  // namespace bora
