#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace bora::host {

/// The last lines of a log, and those who want the next ones. What it keeps is bounded by both limits.
/// Threads: single-owner.
class LogTail {
 public:
  /// Takes one line of JSON without its newline; must not wait. False: no more.
  using Watcher = std::function<bool(std::string_view line)>;

  LogTail(std::size_t most_lines, std::size_t most_bytes) noexcept
      : most_lines_(most_lines), most_bytes_(most_bytes) {}

  void push(std::string line);
  /// The last `limit` lines, oldest first.
  [[nodiscard]] std::vector<std::string> last(std::size_t limit) const;
  /// Gives them to `watcher`, and from then on every line.
  void watch(std::size_t limit, Watcher watcher);

 private:
  const std::size_t most_lines_;
  const std::size_t most_bytes_;
  std::deque<std::string> lines_;
  std::size_t bytes_ = 0;
  std::vector<Watcher> watchers_;
};

}  // namespace bora::host
