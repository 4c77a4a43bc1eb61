#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string_view>
#include <thread>
#include <vector>

#include "topologies/authentication/secret_verifier.hpp"

namespace bora::authentication {

struct BcryptPoolOptions {
  /// A check of cost 10 takes about 50 ms of one. More: a cold start is over sooner, at the expense of
  /// whatever else the machine does.
  std::uint32_t threads = 2;
  /// Most suspect checks that wait; further ones are refused. Trusted ones are bounded by their
  /// callers, who hold a message in flight for each.
  std::size_t max_suspects = 256;
};

/// Checks bcrypt hashes on threads of its own. Trusted checks go first, each lane in its order.
///
/// Threads: thread-safe. Lifetime: the destructor drops what waits (its `done` is not called) and waits
/// for what runs.
class BcryptPool final : public SecretVerifier {
 public:
  explicit BcryptPool(BcryptPoolOptions options);
  ~BcryptPool() override;
  BcryptPool(const BcryptPool&) = delete;
  BcryptPool& operator=(const BcryptPool&) = delete;

  [[nodiscard]] bool submit(CheckLane lane, SecretCheck check) override;

  [[nodiscard]] std::uint64_t checked() const noexcept { return checked_.load(); }
  [[nodiscard]] std::size_t waiting() const;

 private:
  void run();

  const BcryptPoolOptions options_;
  std::atomic<std::uint64_t> checked_{0};
  mutable std::mutex mutex_;  // guards lanes_ and stopping_
  std::condition_variable changed_;
  std::array<std::deque<SecretCheck>, 2> lanes_;  // by CheckLane
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace bora::authentication
