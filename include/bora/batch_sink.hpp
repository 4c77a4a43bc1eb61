#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "bora/clock.hpp"
#include "bora/component.hpp"
#include "bora/failure.hpp"
#include "bora/internal/alarm.hpp"
#include "bora/internal/execute_under.hpp"
#include "bora/internal/held_tokens.hpp"
#include "bora/internal/taking_bolt.hpp"
#include "bora/status.hpp"

namespace bora {

/// When a part-filled batch is written, beside when it is max_age old and when the topology drains.
enum class BatchFlush : std::uint8_t {
  kWhenIdle,  ///< As soon as the input is empty: no latency when idle, large batches under load.
  kByAge,     ///< Not before: larger batches, for sinks where a write costs much whatever its size.
};

/// What happens when write() failed for another reason than kUnavailable.
enum class BatchError : std::uint8_t {
  kIsolate,  ///< Halves are written again, until the tuples that cannot be written stand alone.
  kFailAll,  ///< Every tuple of the batch fails.
};

template <class T>
struct BatchOptions {
  /// Tuples written at once, at most. More: fewer writes, more that fails together.
  std::size_t max_items = 512;
  /// Bytes written at once: the tuple that reaches it is the batch's last.
  std::size_t max_bytes = std::size_t{1} << 20;
  /// Bytes of one tuple. Default: sizeof(T), which leaves out what it points to.
  std::function<std::size_t(const T&)> size_of = {};
  /// No tuple waits longer for others.
  std::chrono::milliseconds max_age{100};
  BatchFlush flush = BatchFlush::kWhenIdle;
  BatchError on_error = BatchError::kIsolate;
};

/// What a batch sink has done so far.
struct BatchCounts {
  std::uint64_t writes = 0;   ///< Calls of write().
  std::uint64_t written = 0;  ///< Tuples acked.
  std::uint64_t failed = 0;   ///< Tuples failed.
};

/// The base of every sink that writes many tuples at once: collects them, writes them, and acks them
/// only then.
///
///   class Archive final : public bora::BatchSink<Reading> {
///    public:
///     Archive(Store& store) : BatchSink({.max_items = 1000}), store_(store) {}
///     bora::Status write(std::span<const Reading> batch) override { return store_.put(batch); }
///   };
///
/// Fails: kUnavailable from write() fails the whole batch as such: its source waits and brings it again.
/// After any other error halves are written again (see BatchError), and a tuple that stands alone fails
/// as permanent (kInvalid, kCorrupt) or as an error. A throw is an error with its text.
/// So write() may see a tuple again: it must be all or nothing, or idempotent.
/// Threads: one task, one thread; write() may wait, and holds up this task's input only.
template <class T>
class BatchSink : public internal::TakingBolt<T> {
 public:
  explicit BatchSink(BatchOptions<T> options = {}) : options_(std::move(options)) {}

  Status open(Context& context) final {
    clock_ = &context.clock();
    alarm_.bind(context, [this] { flush_when_old(); });
    items_.reserve(options_.max_items);
    return on_open(context);
  }
  void close() final {
    flush();
    on_close();
  }
  void execute(T& in) final {
    bytes_ += options_.size_of ? options_.size_of(in) : sizeof(T);
    tokens_.push_back(this->take());
    items_.push_back(std::move(in));
    if (items_.size() >= options_.max_items || bytes_ >= options_.max_bytes) return flush();
    if (items_.size() == 1) begin_age();
  }
  void on_idle() final {
    if (options_.flush == BatchFlush::kWhenIdle) flush();
  }
  void on_drain() final { flush(); }

  /// The component's thread.
  [[nodiscard]] const BatchCounts& counts() const noexcept { return counts_; }

 protected:
  /// Writes all of `batch`, which is not empty; durable when it returns success.
  virtual Status write(std::span<const T> batch) = 0;
  /// In place of open() and close().
  virtual Status on_open(Context&) { return {}; }
  virtual void on_close() {}

 private:
  void begin_age() {
    const Instant now = clock_->now();
    began_ = now;
    alarm_.set(now + options_.max_age, now);
  }
  /// The alarm may have been set for a batch that left long ago.
  void flush_when_old() {
    if (items_.empty()) return;
    const Instant now = clock_->now();
    if (now >= began_ + options_.max_age) return flush();
    alarm_.set(began_ + options_.max_age, now);
  }

  void flush() {
    if (items_.empty()) return;
    write_range(items_);
    items_.clear();
    bytes_ = 0;
  }
  /// Writes `batch`, the tuples whose tokens are in front, and settles them.
  void write_range(std::span<const T> batch) {
    const Status status = try_write(batch);
    if (status.is_ok()) {
      counts_.written += batch.size();
      return tokens_.ack_front(batch.size());
    }
    const bool divides = batch.size() > 1 && options_.on_error == BatchError::kIsolate &&
                         status.error().kind != ErrorKind::kUnavailable;
    if (!divides) {
      counts_.failed += batch.size();
      const FailureKind kind = failure_of(status.error().kind, batch.size());
      return tokens_.fail_front(batch.size(), kind, status.error().message);
    }
    const std::size_t half = batch.size() / 2;
    write_range(batch.first(half));
    write_range(batch.subspan(half));
  }
  [[nodiscard]] Status try_write(std::span<const T> batch) {
    ++counts_.writes;
    try {
      return write(batch);
    } catch (...) {
      internal::Thrown thrown = internal::describe_current_exception();
      switch (thrown.kind) {
        case FailureKind::kPermanent: return {ErrorKind::kInvalid, std::move(thrown.reason)};
        case FailureKind::kUnavailable: return {ErrorKind::kUnavailable, std::move(thrown.reason)};
        default: return {ErrorKind::kInternal, std::move(thrown.reason)};
      }
    }
  }
  [[nodiscard]] static FailureKind failure_of(ErrorKind kind, std::size_t tuples) noexcept {
    if (kind == ErrorKind::kUnavailable) return FailureKind::kUnavailable;
    const bool is_bad = kind == ErrorKind::kInvalid || kind == ErrorKind::kCorrupt;
    // Among several, who is bad is not known: a retry brings them in other company.
    return is_bad && tuples == 1 ? FailureKind::kPermanent : FailureKind::kError;
  }

  const BatchOptions<T> options_;
  const Clock* clock_ = nullptr;
  internal::Alarm alarm_;
  std::vector<T> items_;
  internal::HeldTokens tokens_;  // of items_, in order
  std::size_t bytes_ = 0;
  Instant began_{};  // when the first of items_ came
  BatchCounts counts_;
};

}  // namespace bora
