#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>

#include "bora/clock.hpp"

namespace bora::demo {

/// Where the demonstration speaks. Progress is one line that changes in place on a terminal, and a line
/// a second elsewhere.
/// Threads: single-owner. Lifetime: `out` outlives it.
class Screen {
 public:
  enum class Kind : std::uint8_t { kTerminal, kPlain };
  Screen(std::ostream& out, Kind kind) : out_(out), kind_(kind) {}

  /// True when progress() would show something: making its line may cost something.
  [[nodiscard]] bool wants_progress(Instant now) const noexcept;
  void progress(const std::string& line, Instant now);
  /// Lines that stay.
  void say(const std::string& text);

 private:
  std::ostream& out_;
  const Kind kind_;
  bool has_progress_ = false;  // the last line of a terminal is one that changes
  Instant shown_{};
};

/// "37,674"
[[nodiscard]] std::string grouped(std::uint64_t number);
/// "850 us", "1.2 ms", "3.4 s"
[[nodiscard]] std::string duration_text(std::chrono::nanoseconds time);

}  // namespace bora::demo
