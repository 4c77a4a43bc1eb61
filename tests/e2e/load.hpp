#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "connectors/http/client.hpp"

namespace bora::e2e {

/// Clients that post reports, some to a request, over connections of their own. What was not answered
/// 202 is sent again, to whatever port the process has by then.
/// Threads: set_port() and accepted_so_far() from any; the rest from the one that made it.
class Load {
 public:
  explicit Load(std::uint32_t clients);
  ~Load() { finish(); }
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;

  void set_port(std::uint16_t port) noexcept { port_ = port; }
  /// Every client ends with the request that it is at, once that was answered 202. With `kGiveUp` also
  /// without an answer.
  enum class Last : std::uint8_t { kAnswered, kGiveUp };
  void finish(Last last = Last::kGiveUp);

  [[nodiscard]] std::uint64_t accepted_so_far() const noexcept { return accepted_; }
  /// After finish().
  [[nodiscard]] std::vector<std::string> accepted() const;
  [[nodiscard]] std::uint64_t unanswered() const noexcept { return unanswered_; }
  [[nodiscard]] std::uint64_t told_to_wait() const noexcept { return told_to_wait_; }
  /// Answers that no client should get; empty is good.
  [[nodiscard]] std::vector<std::string> surprises() const;

 private:
  struct Client {
    std::optional<http::Client> connection;
    std::uint16_t connected_to = 0;
    std::vector<std::string> accepted;
    std::vector<std::string> surprises;
    std::thread thread;
  };
  void run(Client& client, std::uint32_t number);
  /// Sends a body until it is answered 202. False when it gave up.
  bool deliver(Client& client, const std::string& body);
  /// True when answered 202.
  bool send(Client& client, const std::string& body);

  std::atomic<std::uint16_t> port_{0};
  std::atomic<bool> is_finishing_{false};
  std::atomic<bool> gives_up_{false};
  std::atomic<std::uint64_t> accepted_{0};
  std::atomic<std::uint64_t> unanswered_{0};
  std::atomic<std::uint64_t> told_to_wait_{0};
  std::vector<Client> clients_;
};

}  // namespace bora::e2e
