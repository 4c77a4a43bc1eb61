#pragma once

#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "bora/clock.hpp"
#include "bora/watermark.hpp"

namespace bora {

/// The key of windows that are not keyed: one for the whole task.
struct NoKey {
  bool operator==(const NoKey&) const = default;
};

/// A number of inputs, as a length: `.size = bora::Count{100}`.
struct Count {
  std::int64_t inputs = 0;
};

/// How long a window is, or how far apart two begin: a duration in whole milliseconds, or a Count.
class WindowLength {
 public:
  template <class Rep, class Period>
  WindowLength(std::chrono::duration<Rep, Period> time)  // NOLINT: implicit by design
      : value_(std::chrono::duration_cast<std::chrono::milliseconds>(time).count()),
        is_exact_(std::chrono::milliseconds{value_} == time) {}
  WindowLength(Count count)
      : value_(count.inputs), is_count_(true) {}  // NOLINT: implicit by design

  [[nodiscard]] bool is_count() const noexcept { return is_count_; }
  [[nodiscard]] std::int64_t value() const noexcept {
    return value_;
  }                                                                   ///< Milliseconds, or inputs.
  [[nodiscard]] bool is_exact() const noexcept { return is_exact_; }  ///< Whole milliseconds.

 private:
  std::int64_t value_;
  bool is_count_ = false;
  bool is_exact_ = true;
};

/// What windows may keep, and for how long they wait.
struct WindowLimits {
  /// Inputs held in open windows, per task. One more fails with Unavailable: its source pauses and
  /// brings it again. Every held input is a message in flight, so what really bounds windows is the
  /// spouts' max_in_flight: it must exceed what the windows of all tasks hold before the first of them
  /// closes, or spout and window wait for each other.
  std::size_t max_inputs = 1'000'000;
  /// Keys with open windows, per task; one more fails with Unavailable.
  std::size_t max_keys = 100'000;
  /// How long after on_window() threw Unavailable the same window is shown again.
  std::chrono::milliseconds retry_after{1'000};
  /// Reports an error when nothing came and nothing closed for this long, while ...
  std::chrono::milliseconds starved_after{60'000};
  /// ... at least so many inputs are held: the sign of a too small max_in_flight.
  std::size_t starved_inputs = 1'000;
};

/// Windows by count, or by the time at which inputs arrive.
template <class In, class Key = NoKey>
struct WindowOptions {
  WindowLength size;
  /// From one window's begin to the next's. Default: size, which is tumbling windows. Less: sliding
  /// windows, an input is in several. More: inputs between two windows are acked unseen.
  std::optional<WindowLength> slide = {};
  /// Windows are per key; needed unless Key is NoKey. A member or a function of the input.
  std::function<Key(const In&)> key = {};
  WindowLimits limits = {};
};

/// Windows by the time that inputs carry.
template <class In, class Key = NoKey>
struct EventWindowOptions {
  WindowLength size;
  std::optional<WindowLength> slide = {};  ///< As in WindowOptions.
  /// When the input happened. A member or a function of the input.
  std::function<WallTime(const In&)> time = {};
  std::function<Key(const In&)> key = {};  ///< As in WindowOptions.
  /// The source partition that the input came from: each has a watermark of its own. Default: one for all.
  std::function<std::uint32_t(const In&)> partition = {};
  WatermarkOptions watermark = {};
  WindowLimits limits = {};
};

/// What windows have done so far.
struct WindowCounts {
  std::uint64_t windows = 0;      ///< Shown and done.
  std::uint64_t failed = 0;       ///< on_window() threw; the inputs were failed.
  std::uint64_t retries = 0;      ///< on_window() threw Unavailable; kept and shown again.
  std::uint64_t late = 0;         ///< Inputs older than every open window.
  std::uint64_t disbelieved = 0;  ///< Inputs whose time was too far from the clock.
  std::size_t held = 0;           ///< Inputs in open windows, now.
  std::size_t keys = 0;           ///< Keys with open windows, now.
};

}  // namespace bora

template <>
struct std::hash<bora::NoKey> {
  std::size_t operator()(const bora::NoKey&) const noexcept { return 0; }
};
