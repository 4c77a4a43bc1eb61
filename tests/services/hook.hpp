#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "bora/clock.hpp"
#include "bora/testing/dice.hpp"
#include "connectors/http/client.hpp"
#include "connectors/http/server.hpp"
#include "services/chain_plan.hpp"

namespace bora::services {

/// A web hook that remembers whom it was told of, and can be down: then it answers 503.
/// Threads: thread-safe.
class Hook {
 public:
  explicit Hook(std::chrono::milliseconds takes);

  /// To be given to one program.
  [[nodiscard]] std::string url(const std::string& program) const {
    return server_.url() + "/told/" + program;
  }
  void go_down() { is_down_ = true; }
  void come_up() { is_down_ = false; }

  /// Idempotency keys that it took from this program, and how often.
  [[nodiscard]] Tally told(const std::string& program) const;
  /// When it took each of them first.
  [[nodiscard]] std::map<std::string, WallTime> times(const std::string& program) const;
  [[nodiscard]] std::uint64_t refused() const noexcept { return refused_; }

 private:
  struct Told {
    std::uint64_t times = 0;
    WallTime first{};
  };
  http::Response take(const http::Request& request);

  const std::chrono::milliseconds takes_;
  std::atomic<bool> is_down_{false};
  std::atomic<std::uint64_t> refused_{0};
  mutable std::mutex mutex_;
  std::map<std::string, std::map<std::string, Told>> told_;  // under mutex_; by program and key
  http::Server server_;
};

/// Stands before the real KairosDB and lets writes through, or not.
/// Threads: thread-safe.
class FickleStore {
 public:
  explicit FickleStore(const std::string& behind);

  [[nodiscard]] std::string url() const { return server_.url(); }
  enum class Mood : std::uint8_t {
    kWell,
    kDown,  ///< 503 for everything.
    kHalf,  ///< 500 for half of the requests, by a die; half of these were written all the same.
  };
  void be(Mood mood) { mood_ = mood; }
  [[nodiscard]] std::uint64_t refused() const noexcept { return refused_; }
  /// How long after its time each point was stored, in ms.
  [[nodiscard]] std::vector<double> ages();

 private:
  void note_ages(const std::string& body);  // under mutex_
  http::Response write(const http::Request& request);

  std::atomic<Mood> mood_{Mood::kWell};
  std::atomic<std::uint64_t> refused_{0};
  std::mutex mutex_;
  http::Client client_;          // under mutex_
  bora::testing::Dice dice_{1};  // under mutex_
  std::vector<double> ages_;     // under mutex_
  http::Server server_;
};

}  // namespace bora::services
