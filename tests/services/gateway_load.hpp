#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

namespace bora::services {

/// Devices that speak to a gateway's local socket, each with a number in every message that counts its
/// messages from 0. What was not answered "ok" is sent again, until it is: a gateway may be killed and
/// come back at any time.
/// Threads: one for each sender; single-owner.
class GatewayLoad {
 public:
  struct Options {
    std::filesystem::path socket;
    std::uint64_t senders = 4;
    std::uint64_t devices_of_each = 5;
  };
  explicit GatewayLoad(Options options);
  ~GatewayLoad() { static_cast<void>(finish()); }
  GatewayLoad(const GatewayLoad&) = delete;
  GatewayLoad& operator=(const GatewayLoad&) = delete;

  /// Sends no more; returns how many messages of each device were accepted, devices being numbered
  /// from 1 on.
  [[nodiscard]] std::vector<std::uint64_t> finish();
  /// Connections that ended, or were refused, while something was to be sent.
  [[nodiscard]] std::uint64_t breaks() const noexcept { return breaks_; }

 private:
  void send_all(std::uint64_t sender);

  const Options options_;
  std::vector<std::uint64_t> accepted_;  // by device - 1; each sender has its own
  std::atomic<std::uint64_t> breaks_{0};
  std::atomic<bool> is_finishing_{false};
  std::vector<std::thread> threads_;
};

/// The message that the device says for the n-th time.
[[nodiscard]] std::string device_message(std::uint64_t device, std::uint64_t n);

}  // namespace bora::services
