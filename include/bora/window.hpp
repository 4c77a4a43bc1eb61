#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <utility>

#include "bora/bolt.hpp"
#include "bora/clock.hpp"
#include "bora/internal/window_bolt_base.hpp"
#include "bora/output.hpp"
#include "bora/watermark.hpp"
#include "bora/window_options.hpp"

namespace bora {

/// A bolt over windows by count, or by the time at which inputs arrive; tumbling or sliding; per key,
/// or per task.
///
///   class Averages final : public bora::WindowBolt<Reading, Average, std::string> {
///    public:
///     Averages() : WindowBolt({.size = 3s, .key = &Reading::device_id}) {}
///     void on_window(const bora::Window<Reading, std::string>& window) override {
///       double sum = 0;
///       for (const Reading& reading : window) sum += reading.temperature;
///       out.emit({window.key(), sum / double(window.size())});
///     }
///   };
///
/// Windows by count: the k-th of a key holds its inputs [k * slide, k * slide + size) and is shown when
/// the last of them comes. By duration: a window begins at every multiple of `slide` of the wall clock,
/// as it was when the bolt was opened, and is shown when its time is over. Empty ones are not shown.
///
/// What is emitted in on_window() is anchored to one token for the whole window. An input is acked when
/// the last window that holds it is done, with everything that was emitted for it.
/// Fails: see WindowBoltBase. A window that never fills holds its inputs for good.
template <class In, class Out = void, class Key = NoKey>
class WindowBolt : public internal::WindowBoltBase<In, Out, Key> {
  using Base = internal::WindowBoltBase<In, Out, Key>;

 public:
  /// Fails: options that make no sense throw std::invalid_argument, which build() reports.
  explicit WindowBolt(WindowOptions<In, Key> options)
      : Base({options.size, options.slide, std::move(options.key), options.limits}),
        is_by_count_(options.size.is_count()) {}

  void execute(In& in) final {
    Key key = this->key_of(in);
    if (is_by_count_) {
      this->require_room(key);
      this->windows_.add_next(std::move(key), std::move(in), this->take(), this->shower());
      return;
    }
    const Instant now = this->clock().now();
    const std::int64_t time = milliseconds_at(now);
    this->windows_.close_until(time, this->shower());
    if (!this->windows_.grid().covers(time)) return;  // between two windows
    this->require_room(key);
    this->windows_.add_at(std::move(key), time, time, std::move(in), this->take());
    set_alarm(now);
  }

 private:
  void start() override {
    opened_at_ = this->clock().now();
    wall_at_open_ = this->clock().wall_now();
  }
  void retry() override {
    if (is_by_count_) {
      this->windows_.retry_complete(this->shower());
    } else {
      const Instant now = this->clock().now();
      this->windows_.retry_until(milliseconds_at(now), this->shower());
      set_alarm(now);
    }
  }
  void on_alarm() override {
    const Instant now = this->clock().now();
    this->windows_.close_until(milliseconds_at(now), this->shower());
    set_alarm(now);
  }
  void set_alarm(Instant now) {
    const auto end = this->windows_.next_end();
    if (end) this->alarm_.set(opened_at_ + (from_millis(*end) - wall_at_open_), now);
  }
  /// The wall clock at opening, carried on by the monotonic one: a jump of the wall clock neither holds
  /// windows back nor closes them early.
  [[nodiscard]] std::int64_t milliseconds_at(Instant now) const {
    return to_millis(wall_at_open_) +
           std::chrono::floor<std::chrono::milliseconds>(now - opened_at_).count();
  }

  const bool is_by_count_;
  Instant opened_at_{};
  WallTime wall_at_open_{};
};

/// A bolt over windows by the time that inputs carry; tumbling or sliding; per key, or per task.
///
///   Averages() : EventWindowBolt({.size = 1min, .time = &Reading::time, .key = &Reading::device_id,
///                                 .watermark = {.max_out_of_order = 5s}}) {}
///
/// A window is shown when the watermark passes its end: see Watermark for disorder, idle partitions and
/// wrong clocks. Inputs that no open window takes, because they are late or their time is not believed,
/// go to the stream `late`, unchanged, and are acked once its consumers have: read it or discard it.
/// An input that failed and is replayed is late, too, when its window closed meanwhile.
/// Acks and anchors: as WindowBolt.
template <class In, class Out = void, class Key = NoKey>
class EventWindowBolt : public internal::WindowBoltBase<In, Out, Key> {
  using Base = internal::WindowBoltBase<In, Out, Key>;

 public:
  Output<In> late{this, "late"};

  /// Fails: options that make no sense throw std::invalid_argument, which build() reports.
  explicit EventWindowBolt(EventWindowOptions<In, Key> options)
      : Base({options.size, options.slide, std::move(options.key), options.limits}),
        time_(std::move(options.time)),
        partition_(std::move(options.partition)),
        watermark_(options.watermark),
        idle_after_(options.watermark.idle_after) {
    internal::require_event_time(options.size, time_ != nullptr);
  }

  void execute(In& in) final {
    const Instant now = this->clock().now();
    const WallTime time = time_(in);
    if (!watermark_.observe(partition_ ? partition_(in) : 0, time, now, wall_at(now))) {
      ++this->counts_.disbelieved;
      return late.emit(std::as_const(in));
    }
    this->windows_.close_until(limit(), this->shower());
    set_alarm(now);  // whatever becomes of this input, it may have moved the watermark
    const auto& grid = this->windows_.grid();
    if (!grid.covers(to_millis(time))) return;  // between two windows
    if (grid.end(grid.last_start(to_millis(time))) <= limit()) {
      ++this->counts_.late;
      return late.emit(std::as_const(in));
    }
    Key key = this->key_of(in);
    this->require_room(key);
    this->windows_.add_at(std::move(key), to_millis(time), limit(), std::move(in), this->take());
    set_alarm(now);
  }

  /// How far event time has come: Watermark::kUnknown before the first input. The component's thread.
  [[nodiscard]] WallTime watermark() const noexcept { return watermark_.current(); }

 private:
  void retry() override {
    this->windows_.retry_until(limit(), this->shower());
    set_alarm(this->clock().now());  // for later windows of the keys that were stuck
  }
  void on_alarm() override {
    const Instant now = this->clock().now();
    watermark_.advance(now);
    this->windows_.close_until(limit(), this->shower());
    set_alarm(now);
  }
  void set_alarm(Instant now) {
    const auto end = this->windows_.next_end();
    // No input makes anything happen before that; an alarm that comes too early looks again.
    if (!end || this->alarm_.rings_by(now + idle_after_)) return;
    const auto due = watermark_.next_change(from_millis(*end), now);
    if (due) this->alarm_.set(*due, now);
  }
  [[nodiscard]] std::int64_t limit() const noexcept {
    return to_millis(std::max(watermark_.current(), Watermark::kEarliest));
  }
  /// The wall clock, at most a millisecond ago: to read it for each input costs a tenth of the bolt.
  [[nodiscard]] WallTime wall_at(Instant now) {
    if (now >= wall_until_) {
      wall_ = this->clock().wall_now();
      wall_until_ = now + std::chrono::milliseconds{1};
    }
    return wall_;
  }

  std::function<WallTime(const In&)> time_;
  std::function<std::uint32_t(const In&)> partition_;
  Watermark watermark_;
  const std::chrono::milliseconds idle_after_;
  WallTime wall_{};
  Instant wall_until_{};  // from then on it is read again
};

}  // namespace bora
