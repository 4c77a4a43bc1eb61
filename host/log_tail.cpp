#include "host/log_tail.hpp"

#include <algorithm>
#include <iterator>

namespace bora::host {

void LogTail::push(std::string line) {
  const auto gone = [&line](const Watcher& watcher) { return !watcher(line); };
  watchers_.erase(std::remove_if(watchers_.begin(), watchers_.end(), gone), watchers_.end());
  bytes_ += line.size();
  lines_.push_back(std::move(line));
  while (lines_.size() > most_lines_ || (bytes_ > most_bytes_ && !lines_.empty())) {
    bytes_ -= lines_.front().size();
    lines_.pop_front();
  }
}

std::vector<std::string> LogTail::last(std::size_t limit) const {
  const std::size_t count = std::min(limit, lines_.size());
  return {std::prev(lines_.end(), static_cast<std::ptrdiff_t>(count)), lines_.end()};
}

void LogTail::watch(std::size_t limit, Watcher watcher) {
  for (const std::string& line : last(limit))
    if (!watcher(line)) return;
  watchers_.push_back(std::move(watcher));
}

}  // namespace bora::host
