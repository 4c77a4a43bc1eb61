#include "bolts/notifier/circuit_breaker.hpp"

#include <algorithm>

namespace bora::notify {

using std::chrono::milliseconds;

std::optional<CircuitBreaker::Call> CircuitBreaker::admit(Instant now) {
  if (!is_open_) return generation_;
  if (on_trial_ || now < until_) return std::nullopt;
  on_trial_ = true;
  return ++generation_;
}

void CircuitBreaker::succeeded(Call call) {
  failures_in_row_ = 0;
  if (!is_open_) return;
  // The server asked to be left alone after this call had gone out: its success does not change that.
  if (call != generation_ || !on_trial_) return;
  is_open_ = false;
  on_trial_ = false;
  pause_ = {};
  ++generation_;
}

void CircuitBreaker::failed(Call call, Instant now, std::optional<milliseconds> asked) {
  const auto wanted = std::min(asked.value_or(milliseconds{0}), options_.max_asked_pause);
  if (call != generation_) {
    if (is_open_) until_ = std::max(until_, asked ? now + wanted : until_);
    return;
  }
  ++failures_in_row_;
  if (!asked && !on_trial_ && failures_in_row_ < options_.failures) return;
  pause_ = pause_.count() == 0 ? options_.first_pause : std::min(pause_ * 2, options_.max_pause);
  open(now, std::max(pause_, wanted));
}

void CircuitBreaker::open(Instant now, milliseconds pause) {
  is_open_ = true;
  on_trial_ = false;
  until_ = now + pause;
  ++generation_;
}

}  // namespace bora::notify
