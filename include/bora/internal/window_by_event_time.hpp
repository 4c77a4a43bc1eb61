#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <utility>

#include "bora/clock.hpp"
#include "bora/output.hpp"
#include "bora/watermark.hpp"
#include "bora/window_options.hpp"

namespace bora::internal {

/// Throws std::invalid_argument, with the mend, when the options make no sense.
void require_event_time(WindowLength size, bool has_time);

/// When windows by the inputs' own time close. `Windows` is a KeepingBolt or FoldingBolt.
template <class Windows>
class WindowsByEventTime : public Windows {
  using In = typename Windows::Input;
  using Key = typename Windows::InputKey;

 public:
  Output<In> late{this, "late"};

  void execute(In& in) final {
    const Instant now = this->now();
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
    const auto put = [&](auto& store, std::int64_t at) { this->put(store, at, in); };
    this->windows_.add_at(std::move(key), to_millis(time), limit(), put);
    set_alarm(now);
  }

  /// How far event time has come: Watermark::kUnknown before the first input. The component's thread.
  [[nodiscard]] WallTime watermark() const noexcept { return watermark_.current(); }

 protected:
  explicit WindowsByEventTime(EventWindowOptions<In, Key> options)
      : Windows({options.size, options.slide, std::move(options.key), options.limits}),
        time_(std::move(options.time)),
        partition_(std::move(options.partition)),
        watermark_(options.watermark),
        idle_after_(options.watermark.idle_after) {
    require_event_time(options.size, time_ != nullptr);
  }

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

}  // namespace bora::internal
