#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "bora/clock.hpp"

namespace bora::host {

/// Lets so many events of one key through per interval, and counts the others.
/// Threads: single-owner.
class RepeatLimit {
 public:
  RepeatLimit(std::uint32_t times, std::chrono::milliseconds interval)
      : times_(times), interval_(interval) {}

  /// Empty when this event is one too many; else the number of events of this key that were held back
  /// since the last one let through.
  std::optional<std::uint64_t> admit(const std::string& key, Instant now);

 private:
  struct Window {
    Instant begin{};
    std::uint32_t passed = 0;
    std::uint64_t held_back = 0;
  };
  void forget_old(Instant now);

  std::uint32_t times_;
  std::chrono::milliseconds interval_;
  std::map<std::string, Window> windows_;
};

}  // namespace bora::host
