#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace bora::e2e {

/// A program as a user runs it: a child process whose output, both kinds of it, goes to a file.
/// Where the environment sets BORA_KEEP_OUTPUT, a copy of its output stays there: scripts/check-secrets
/// looks at it.
/// Threads: single-owner. Lifetime: the destructor ends it with SIGKILL if it still runs.
class Program {
 public:
  /// `output` is appended to; several runs may share it.
  Program(const std::string& program, std::vector<std::string> arguments,
          std::filesystem::path output);
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  void signal(int number);
  /// SIGKILL, and waits for the end.
  void kill();
  /// The exit code, 128 + the signal that ended it, or nothing when it still runs after `timeout`.
  std::optional<int> wait(std::chrono::milliseconds timeout);

  /// What this run wrote so far.
  [[nodiscard]] std::string output() const;
  /// True when it wrote `text` by the end of `timeout`. False at once when it has ended without.
  bool wait_for(const std::string& text, std::chrono::milliseconds timeout);
  /// What stands in its output between `before` and the next quote: a field of a JSON log line.
  [[nodiscard]] std::string text_after(const std::string& before) const;

  [[nodiscard]] pid_t pid() const noexcept { return child_; }

 private:
  void keep_output() const;

  const std::filesystem::path output_;
  const std::size_t begins_at_;  // in the file
  pid_t child_ = -1;
  std::optional<int> code_;
};

}  // namespace bora::e2e
