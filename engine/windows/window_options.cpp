#include "bora/window_options.hpp"

#include <stdexcept>
#include <string>

#include "bora/failure.hpp"
#include "bora/internal/window_bolt_base.hpp"

namespace bora::internal {

namespace {

/// Far beyond any window, and far from where sums of times overflow.
constexpr std::int64_t kLongest = std::int64_t{1} << 40;

void require_length(const char* what, WindowLength length) {
  const std::string name = std::string{"a window's "} + what;
  if (!length.is_exact()) throw std::invalid_argument(name + " must be whole milliseconds");
  if (length.value() <= 0 || length.value() > kLongest)
    throw std::invalid_argument(name + " is " + std::to_string(length.value()) +
                                ": it must be positive, and at most 2^40");
}

}  // namespace

WindowGrid make_grid(WindowLength size, std::optional<WindowLength> slide) {
  require_length("size", size);
  if (!slide) return {size.value(), size.value()};
  require_length("slide", *slide);
  if (slide->is_count() != size.is_count())
    throw std::invalid_argument(
        "a window's size and slide must both be durations, or both bora::Count");
  return {size.value(), slide->value()};
}

void require_key(bool has_function, bool is_keyed) {
  if (is_keyed && !has_function)
    throw std::invalid_argument("windows per key need a key: .key = &Input::member, or a function");
}

void require_event_time(WindowLength size, bool has_time) {
  if (size.is_count())
    throw std::invalid_argument(
        "windows by event time have a duration as size; windows by count are a bora::WindowBolt");
  if (!has_time)
    throw std::invalid_argument(
        "windows by event time need a time: .time = &Input::member, or a function");
}

void require_room_for_input(std::size_t held, const WindowLimits& limits) {
  if (held >= limits.max_inputs)
    throw Unavailable("open windows hold " + std::to_string(held) +
                      " inputs, as many as WindowLimits::max_inputs allows");
}

void require_room_for_key(std::size_t keys, const WindowLimits& limits) {
  if (keys >= limits.max_keys)
    throw Unavailable("there are open windows for " + std::to_string(keys) +
                      " keys, as many as WindowLimits::max_keys allows");
}

std::string starved_text(std::size_t held, const WindowLimits& limits) {
  return "open windows hold " + std::to_string(held) + " inputs, and for " +
         std::to_string(limits.starved_after.count()) +
         " ms nothing came and nothing closed: if the spouts' max_in_flight is not larger, they "
         "wait "
         "for each other; raise it, or make the windows shorter";
}

}  // namespace bora::internal
