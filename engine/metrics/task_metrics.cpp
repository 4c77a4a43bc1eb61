#include "engine/metrics/task_metrics.hpp"

#include <chrono>
#include <utility>

namespace bora::internal {

bool ErrorLog::add(Instant now, WallTime at, std::uint32_t task, std::string text,
                   std::string detail) {
  const std::lock_guard lock(mutex_);
  if (!entries_.empty() && entries_.back().entry.text == text &&
      entries_.back().entry.task == task) {
    entries_.back().entry.at = at;
    ++entries_.back().entry.times;
    entries_.back().detail = std::move(detail);
  } else {
    if (entries_.size() == kKept) entries_.erase(entries_.begin());
    entries_.push_back({{at, task, std::move(text), 1}, std::move(detail)});
  }
  if (reported_at_ != Instant::min() && now - reported_at_ < std::chrono::seconds{10}) return false;
  reported_at_ = now;
  return true;
}

std::vector<ErrorEntry> ErrorLog::last() const {
  const std::lock_guard lock(mutex_);
  std::vector<ErrorEntry> last;
  for (const Entry& e : entries_) {
    last.push_back(e.entry);
    last.back().text += e.detail;
  }
  return last;
}

}  // namespace bora::internal
