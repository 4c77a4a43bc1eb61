#include "services/coldchain/demo_screen.hpp"

#include <array>
#include <cstdio>
#include <ostream>

namespace bora::demo {

namespace {
constexpr std::chrono::milliseconds kOnTerminal{200};
constexpr std::chrono::milliseconds kElsewhere{1'000};
constexpr const char* kClearLine = "\r\033[K";
}  // namespace

bool Screen::wants_progress(Instant now) const noexcept {
  return now - shown_ >= (kind_ == Kind::kTerminal ? kOnTerminal : kElsewhere);
}

void Screen::progress(const std::string& line, Instant now) {
  shown_ = now;
  if (kind_ == Kind::kPlain) {
    out_ << line << std::endl;
    return;
  }
  has_progress_ = true;
  out_ << kClearLine << line << std::flush;
}

void Screen::say(const std::string& text) {
  if (has_progress_) out_ << kClearLine;
  has_progress_ = false;
  out_ << text << std::endl;
}

std::string grouped(std::uint64_t number) {
  std::string text = std::to_string(number);
  for (std::size_t at = text.size(); at > 3; at -= 3)
    text.insert(at - 3, 1, ',');
  return text;
}

std::string duration_text(std::chrono::nanoseconds time) {
  const double micros = static_cast<double>(time.count()) / 1e3;
  std::array<char, 32> text{};
  if (micros < 1e3)
    std::snprintf(text.data(), text.size(), "%.0f us", micros);
  else if (micros < 1e6)
    std::snprintf(text.data(), text.size(), "%.1f ms", micros / 1e3);
  else
    std::snprintf(text.data(), text.size(), "%.1f s", micros / 1e6);
  return text.data();
}

}  // namespace bora::demo
