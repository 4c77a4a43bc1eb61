#include "engine/metrics/task_metrics.hpp"

#include <chrono>
#include <utility>

namespace bora::internal {

bool ErrorLog::add(Instant now, WallTime at, std::uint32_t task, std::string text) {
  const std::lock_guard lock(mutex_);
  if (!entries_.empty() && entries_.back().text == text && entries_.back().task == task) {
    entries_.back().at = at;
    ++entries_.back().times;
  } else {
    if (entries_.size() == kKept) entries_.erase(entries_.begin());
    entries_.push_back({at, task, std::move(text), 1});
  }
  if (reported_at_ != Instant::min() && now - reported_at_ < std::chrono::seconds{10}) return false;
  reported_at_ = now;
  return true;
}

std::vector<ErrorEntry> ErrorLog::last() const {
  const std::lock_guard lock(mutex_);
  return entries_;
}

}  // namespace bora::internal
