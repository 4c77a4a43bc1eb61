#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bora/clock.hpp"

namespace bora::host {

/// What a stream offers to those who look. Views: valid during the call.
struct TapRecord {
  std::optional<std::string_view> topic = {};
  std::optional<std::uint32_t> partition = {};
  std::optional<std::int64_t> offset = {};
  std::optional<std::string_view> key = {};
  std::vector<std::pair<std::string_view, std::string_view>> headers = {};
  std::string_view value;
};

/// The place of one stream where samples can be taken. While nobody watches, is_watched() is all that
/// the stream pays:
///
///   if (tap_->is_watched()) tap_->offer({.value = record.value});
///
/// Threads: thread-safe; nothing waits for those who watch.
class TapPoint {
 public:
  /// Takes one sample as JSON (TapSample of host/openapi.yaml). False: no more.
  using Watcher = std::function<bool(std::string_view json)>;
  /// Has somebody else offer() records, one per `pause` at most, while the point is watched.
  using Start = std::function<void(std::chrono::nanoseconds pause)>;

  TapPoint(std::string stream, const Clock& clock, Start start = {})
      : stream_(std::move(stream)), clock_(clock), start_(std::move(start)) {}

  /// A recent value: the first records after somebody came may go by.
  [[nodiscard]] bool is_watched() const noexcept {
    return watchers_count_.load(std::memory_order_relaxed) > 0;
  }
  /// Gives the record, without its secrets, to those whose rate allows it.
  void offer(const TapRecord& record);
  /// Not more than `rate` samples a second go to `watcher`. Requires: rate > 0.
  void watch(std::uint32_t rate, Watcher watcher);

 private:
  struct Watching {
    std::chrono::nanoseconds pause{};
    Instant next{};
    std::uint64_t skipped = 0;
    Watcher watcher;
  };
  [[nodiscard]] std::string sample(const TapRecord& record, std::uint64_t skipped) const;

  const std::string stream_;
  const Clock& clock_;
  const Start start_;                           // null: those who offer ask is_watched() themselves
  std::atomic<std::size_t> watchers_count_{0};  // relaxed: a hint for is_watched()
  std::mutex mutex_;                            // guards what follows
  std::vector<Watching> watchers_;
};

/// The tap points of a process, by the name of their stream.
/// Threads: thread-safe. Lifetime: points may outlive it, but not the clock.
class Taps {
 public:
  explicit Taps(const Clock& clock) noexcept : clock_(clock) {}

  /// The point of this name, made at the first call.
  [[nodiscard]] std::shared_ptr<TapPoint> point(const std::string& stream);
  /// Adds a point whose records come when it is watched. Requires: there is none of this name.
  void add(const std::string& stream, TapPoint::Start start);
  /// Null when there is none.
  [[nodiscard]] std::shared_ptr<TapPoint> find(std::string_view stream) const;
  [[nodiscard]] std::vector<std::string> streams() const;

 private:
  const Clock& clock_;
  mutable std::mutex mutex_;  // guards what follows
  std::map<std::string, std::shared_ptr<TapPoint>, std::less<>> points_;
};

}  // namespace bora::host
