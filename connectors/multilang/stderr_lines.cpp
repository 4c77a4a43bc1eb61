#include "connectors/multilang/stderr_lines.hpp"

#include <algorithm>
#include <utility>

namespace bora::multilang {

void StderrLines::append(std::string_view bytes, Instant now) {
  while (!bytes.empty()) {
    const std::size_t end = std::min(bytes.find('\n'), bytes.size());
    const std::size_t room = kLongest - line_.size();
    line_ += bytes.substr(0, std::min(end, room));
    is_cut_ |= end > room;
    if (end == bytes.size()) return;
    take_line(now);
    bytes.remove_prefix(end + 1);
  }
}

void StderrLines::finish(Instant now) {
  if (!line_.empty()) take_line(now);
}

std::string StderrLines::last() const {
  std::string text;
  for (const std::string& line : last_)
    text += (text.empty() ? "" : " | ") + line;
  return text;
}

void StderrLines::take_line(Instant now) {
  std::string line = std::exchange(line_, {});
  if (std::exchange(is_cut_, false)) line += "...";
  if (line.find_first_not_of(" \t\r") == std::string::npos) return;
  if (now - second_ >= std::chrono::seconds{1}) {
    second_ = now;
    printed_ = 0;
  }
  if (printed_ < kPerSecond) {
    ++printed_;
    if (unprinted_ > 0)
      print_("(" + std::to_string(std::exchange(unprinted_, 0)) + " lines were left out here)");
    print_(line);
  } else {
    ++unprinted_;
    ++left_out_;
  }
  last_.push_back(std::move(line));
  if (last_.size() > kRemembered) last_.pop_front();
}

}  // namespace bora::multilang
