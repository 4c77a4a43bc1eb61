#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>

#include "bora/clock.hpp"

namespace bora {

/// How far event time may be trusted.
struct WatermarkOptions {
  /// How much older than the newest input of its partition an input may be and still be in time. More
  /// takes more disorder, and closes every window that much later.
  std::chrono::milliseconds max_out_of_order{0};
  /// A partition without input for this long no longer holds the others back. Less closes windows
  /// sooner when a partition goes quiet; more waits for partitions that pause.
  std::chrono::milliseconds idle_after{60'000};
  /// An input whose time is further than this ahead of the wall clock is not believed: one gateway
  /// with a wrong clock would make everybody else late.
  std::chrono::milliseconds max_ahead{60'000};
  /// Partitions expected. Until so many have been seen, or idle_after has passed since the first input,
  /// no window closes: a partition that is read later may hold older inputs.
  std::uint32_t partitions = 1;
};

/// How far event time has come: no input older than current() is expected. It is the least, over the
/// partitions that are not idle, of the newest time seen, less max_out_of_order; it never goes back.
/// When every partition is idle, event time goes on at the pace of the clock, so that the last windows
/// of a source that fell silent close, too.
///
///   if (!watermark.observe(partition, in.time, clock.now(), clock.wall_now())) { /* not believed */ }
///   close_windows_until(watermark.current());
///
/// A function of what it was told and nothing else. Threads: single-owner.
class Watermark {
 public:
  /// What current() is before anything is known.
  static constexpr WallTime kUnknown = WallTime::min();
  /// An input older than this (some 3,000 years before 1970) is not believed either.
  static constexpr WallTime kEarliest{std::chrono::milliseconds{-100'000'000'000'000}};

  explicit Watermark(WatermarkOptions options) : options_(options) {}

  /// Takes note of one input. False when its time is not believed: it then changes nothing.
  bool observe(std::uint32_t partition, WallTime time, Instant now, WallTime wall);
  /// Takes note that time passed without an input.
  void advance(Instant now);
  [[nodiscard]] WallTime current() const noexcept { return current_; }
  /// When advance() has to be called next, so that current() reaches `target` as soon as it can if no
  /// more input comes. Nothing: there was no input yet. An input moves it to idle_after from now at the
  /// earliest.
  [[nodiscard]] std::optional<Instant> next_change(WallTime target, Instant now) const;

 private:
  struct Partition {
    WallTime newest = kUnknown;
    Instant seen_at{};
  };
  [[nodiscard]] bool is_idle(const Partition& partition, Instant now) const {
    return now - partition.seen_at >= options_.idle_after;
  }
  [[nodiscard]] bool is_waiting(Instant now) const;
  void recompute(Instant now);

  WatermarkOptions options_;
  std::map<std::uint32_t, Partition>
      partitions_;  // few; in order, so that nothing depends on hashes
  WallTime current_ = kUnknown;
  WallTime newest_ = kUnknown;  // over all partitions
  Instant first_seen_{};
  Instant last_seen_{};
  WallTime least_ = kUnknown;  // newest of the slowest active partition, as of recompute()
  Instant recompute_at_{};     // from then on a partition may have become idle
};

}  // namespace bora
