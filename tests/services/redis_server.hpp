#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <sys/types.h>
#include <vector>

#include "support/temporary_directory.hpp"

namespace bora::testing {

/// A port that nobody listens on.
[[nodiscard]] std::uint16_t free_port();

void wait_until_listening(std::uint16_t port);

/// A child process, found by PATH and without output; killed with the object.
class Program {
 public:
  explicit Program(const std::vector<std::string>& arguments);
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;
  void signal(int number) const;
  /// Waits for its end, and returns its exit code.
  int wait();

 private:
  pid_t pid_ = 0;
};

/// Throws std::runtime_error when it fails.
void run_program(const std::vector<std::string>& arguments);
void write_text(const std::string& path, const std::string& text);

/// A redis-server of its own, on a free port of loopback, for tests that stop it, empty it or give it
/// passwords. Ends with the object.
class RedisServer {
 public:
  /// More arguments of the command line, such as {"--requirepass", "secret"}.
  explicit RedisServer(std::vector<std::string> arguments = {});
  ~RedisServer();
  RedisServer(const RedisServer&) = delete;
  RedisServer& operator=(const RedisServer&) = delete;

  /// Returns when it accepts connections; throws std::runtime_error when it does not in time.
  void start();
  void stop();  ///< At once; nothing is saved.
  void pause();
  void resume();

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  [[nodiscard]] std::string url(const std::string& credentials = {}) const {
    return "redis://" + credentials + "127.0.0.1:" + std::to_string(port_);
  }

 private:
  TemporaryDirectory directory_;
  std::vector<std::string> arguments_;
  std::uint16_t port_ = 0;
  std::unique_ptr<Program> program_;  // null while it is stopped
};

}  // namespace bora::testing
