#include "services/admin/rate_limit.hpp"

#include <algorithm>

namespace bora::admin {

std::chrono::milliseconds RateLimit::attempt(const std::string& name, Instant now) {
  const std::lock_guard lock{mutex_};
  auto found = rested_at_.find(name);
  if (found == rested_at_.end()) {
    if (rested_at_.size() >= options_.max_names) forget_rested(now);
    if (rested_at_.size() >= options_.max_names) return options_.each;
    found = rested_at_.emplace(name, now).first;
  }
  const Instant rested = std::max(found->second, now) + options_.each;
  const auto wait = rested - now - options_.burst * options_.each;
  if (wait > wait.zero()) return std::chrono::ceil<std::chrono::milliseconds>(wait);
  found->second = rested;
  return std::chrono::milliseconds{0};
}

void RateLimit::forgive(const std::string& name) {
  const std::lock_guard lock{mutex_};
  if (const auto found = rested_at_.find(name); found != rested_at_.end())
    found->second -= options_.each;
}

void RateLimit::forget_rested(Instant now) {
  std::erase_if(rested_at_, [now](const auto& entry) { return entry.second <= now; });
}

}  // namespace bora::admin
