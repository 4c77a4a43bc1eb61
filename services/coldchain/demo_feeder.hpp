#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <thread>

#include "bora/clock.hpp"
#include "host/assembly.hpp"
#include "services/coldchain/demo_audit.hpp"
#include "services/coldchain/program.hpp"
#include "services/gateway/simulation.hpp"

namespace bora::demo {

/// The simulated gateways as a part of the process: the last to start and the first to stop. Publishes
/// the simulation on a thread of its own.
/// Threads: the counters and state() from any; audit() and what follows it once state() is not kFeeding.
class Feeder final : public host::Service {
 public:
  struct Options {
    double rate = 0;  ///< Records a second; 0: as fast as they are taken.
    coldchain::GatewayId over_http{};
  };
  enum class State : std::uint8_t { kFeeding, kFinished, kFailed };

  /// `parts` are started before it and stopped after it; the clock outlives it.
  Feeder(Options options, std::unique_ptr<gateway::Simulation> simulation,
         const allinone::Parts& parts, const Clock& clock);
  ~Feeder() override { join(); }

  [[nodiscard]] std::string_view name() const noexcept override { return "simulated gateways"; }
  Status start() override;
  void stop(std::chrono::milliseconds deadline) override;

  [[nodiscard]] std::uint64_t published() const noexcept { return published_; }
  /// Of these, taken and refused by the ingest; the others went into the topic.
  [[nodiscard]] std::uint64_t over_http() const noexcept { return over_http_; }
  [[nodiscard]] std::uint64_t refused_over_http() const noexcept { return refused_over_http_; }
  [[nodiscard]] State state() const noexcept { return state_; }
  [[nodiscard]] std::uint64_t total() const { return simulation_->total().value_or(0); }

  /// What was sent, and what was refused on the way in. The caller goes on with it.
  [[nodiscard]] Audit& audit() noexcept { return audit_; }
  [[nodiscard]] const gateway::Expectation& expectation() const {
    return simulation_->expectation();
  }
  [[nodiscard]] const Status& failure() const noexcept { return failure_; }
  [[nodiscard]] std::chrono::nanoseconds took() const noexcept { return took_; }

 private:
  Status feed();
  void join();

  const Options options_;
  const std::unique_ptr<gateway::Simulation> simulation_;
  const allinone::Parts parts_;
  const Clock& clock_;
  std::atomic<bool> is_stopping_{false};
  std::atomic<std::uint64_t> published_{0};
  std::atomic<std::uint64_t> over_http_{0};
  std::atomic<std::uint64_t> refused_over_http_{0};
  std::atomic<State> state_{State::kFeeding};  // its change publishes what follows to other threads
  Audit audit_;
  Status failure_;
  std::chrono::nanoseconds took_{0};
  std::thread thread_;
};

}  // namespace bora::demo
