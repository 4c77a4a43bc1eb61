#include "host/repeat_limit.hpp"

#include <utility>

namespace bora::host {

namespace {
// Keys are constant texts of the program and names of components; the bound is for a program that
// logs varying texts all the same.
constexpr std::size_t kMaxKeys = 1024;
}  // namespace

std::optional<std::uint64_t> RepeatLimit::admit(const std::string& key, Instant now) {
  if (windows_.size() >= kMaxKeys) forget_old(now);
  const auto [entry, is_new] = windows_.try_emplace(key, Window{.begin = now});
  Window& window = entry->second;
  if (now - window.begin >= interval_) {
    window.begin = now;
    window.passed = 0;
  }
  if (window.passed >= times_) {
    ++window.held_back;
    return std::nullopt;
  }
  ++window.passed;
  return std::exchange(window.held_back, 0);
}

void RepeatLimit::forget_old(Instant now) {
  std::erase_if(windows_, [&](const auto& entry) { return now - entry.second.begin >= interval_; });
  if (windows_.size() >= kMaxKeys) windows_.clear();
}

}  // namespace bora::host
