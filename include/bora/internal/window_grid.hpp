#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>

namespace bora::internal {

/// Which windows there are: [k * slide, k * slide + size) for every whole k, over milliseconds or over
/// the ordinals of a key's inputs. Immutable.
struct WindowGrid {
  std::int64_t size = 1;
  std::int64_t slide = 1;

  static constexpr std::int64_t kNone = std::numeric_limits<std::int64_t>::max();

  [[nodiscard]] static constexpr std::int64_t floor_div(std::int64_t a, std::int64_t b) noexcept {
    return a / b - (a % b < 0 ? 1 : 0);
  }
  /// Starts of the first and of the last window that holds `position`. first > last: no window does,
  /// because the windows leave gaps.
  [[nodiscard]] constexpr std::int64_t first_start(std::int64_t position) const noexcept {
    return slide * (floor_div(position - size, slide) + 1);
  }
  [[nodiscard]] constexpr std::int64_t last_start(std::int64_t position) const noexcept {
    return slide * floor_div(position, slide);
  }
  [[nodiscard]] constexpr bool covers(std::int64_t position) const noexcept {
    return first_start(position) <= last_start(position);
  }
  [[nodiscard]] constexpr std::int64_t end(std::int64_t start) const noexcept {
    return start + size;
  }
};

}  // namespace bora::internal
