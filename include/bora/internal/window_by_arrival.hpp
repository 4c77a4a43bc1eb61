#pragma once

#include <chrono>
#include <cstdint>
#include <utility>

#include "bora/clock.hpp"
#include "bora/window_options.hpp"

namespace bora::internal {

/// When windows by count, and by the time of arrival, close. `Windows` is a KeepingBolt or FoldingBolt.
template <class Windows>
class WindowsByArrival : public Windows {
  using In = typename Windows::Input;
  using Key = typename Windows::InputKey;

 public:
  void execute(In& in) final {
    const auto put = [&](auto& store, std::int64_t at) { this->put(store, at, in); };
    Key key = this->key_of(in);
    if (is_by_count_) {
      this->require_room(key);
      this->windows_.add_next(std::move(key), put, this->shower());
      return;
    }
    const Instant now = this->now();
    const std::int64_t time = milliseconds_at(now);
    this->windows_.close_until(time, this->shower());
    if (!this->windows_.grid().covers(time)) return;  // between two windows
    this->require_room(key);
    this->windows_.add_at(std::move(key), time, time, put);
    set_alarm(now);
  }

 protected:
  explicit WindowsByArrival(WindowOptions<In, Key> options)
      : Windows({options.size, options.slide, std::move(options.key), options.limits}),
        is_by_count_(options.size.is_count()) {}

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

}  // namespace bora::internal
