#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <utility>
#include <vector>

#include "bora/status.hpp"

namespace bora::multilang {

/// A file descriptor that is closed with its holder.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) noexcept : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    reset(std::exchange(other.fd_, -1));
    return *this;
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd() { reset(); }

  [[nodiscard]] int get() const noexcept { return fd_; }
  [[nodiscard]] bool is_open() const noexcept { return fd_ >= 0; }
  void reset(int fd = -1) noexcept;

 private:
  int fd_ = -1;
};

struct ProcessOptions {
  std::vector<std::string> command =
      {};                      ///< Program and arguments; a name without `/` is sought in PATH.
  std::string directory = {};  ///< Where it runs; empty: where this process does.
  std::vector<std::pair<std::string, std::string>> environment = {};  ///< Beside this process' own.
};

/// A child process and the three pipes to it; our ends do not block.
///
/// It leads a process group of its own, so a Ctrl-C at the terminal does not reach it, and a signal to
/// the group reaches what it started itself. It inherits no descriptor but the pipes, no signal mask and
/// no ignored signal.
///
/// Threads: single-owner. The kernel kills the child when the thread that started it ends, as it does
/// when the whole process ends, however it ends.
/// Lifetime: the destructor kills the group and reaps the child; no zombie stays.
class Process {
 public:
  /// Fails: kInvalid when the program cannot be run as given (not found, no such directory);
  /// kUnavailable when the system has no process or descriptor left.
  [[nodiscard]] static Result<Process> start(const ProcessOptions& options);
  Process(Process&& other) noexcept;
  Process& operator=(Process&&) = delete;
  ~Process();

  [[nodiscard]] pid_t pid() const noexcept { return pid_; }
  [[nodiscard]] const Fd& input() const noexcept { return input_; }
  [[nodiscard]] const Fd& output() const noexcept { return output_; }
  [[nodiscard]] const Fd& errors() const noexcept { return errors_; }
  void close_input() noexcept { input_.reset(); }
  void close_output() noexcept { output_.reset(); }
  void close_errors() noexcept { errors_.reset(); }

  /// To the whole group; does nothing once the child is reaped.
  void signal(int number) noexcept;
  /// "exit code 1", "signal 9 (Killed)"; nothing while it runs.
  [[nodiscard]] std::optional<std::string> try_reap();

 private:
  Process(pid_t pid, Fd input, Fd output, Fd errors) noexcept
      : pid_(pid),
        input_(std::move(input)),
        output_(std::move(output)),
        errors_(std::move(errors)) {}

  pid_t pid_ = -1;
  std::optional<std::string> end_;  // once it is reaped
  Fd input_, output_, errors_;
};

}  // namespace bora::multilang
