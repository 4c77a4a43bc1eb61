#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <thread>
#include <vector>

#include "bora/clock.hpp"
#include "host/assembly.hpp"
#include "services/coldchain/demo_audit.hpp"
#include "services/coldchain/demo_cast.hpp"
#include "services/coldchain/demo_oracle.hpp"
#include "services/coldchain/demo_provision.hpp"
#include "services/coldchain/demo_publisher.hpp"
#include "services/coldchain/demo_script.hpp"
#include "services/coldchain/program.hpp"

namespace bora::demo {

/// The operator and the gateways as a part of the process: the last to start and the first to stop. On a
/// thread of its own it registers the cast, sends what the cast reports, waits until those who fell
/// silent are known as such, and has some of them report again. After go_on() devices report as they do
/// every day.
/// Threads: the counters and stage() from any; audit() and what follows it once is_done().
class Feeder final : public host::Service {
 public:
  struct Options {
    double rate = 0;  ///< Records a second; 0: as fast as they are taken.
    ScriptOptions script;
    AdminLogin login;  ///< Its port is not used.
  };
  enum class Stage : std::uint8_t {
    kRegistering,
    kSending,
    kWaitingForSilence,
    kReturning,
    kFinished,
    kFailed,
  };

  /// `parts` are started before it and stopped after it; the clock outlives it.
  Feeder(Options options, Cast cast, const allinone::Parts& parts, const Clock& clock);
  ~Feeder() override { join(); }

  [[nodiscard]] std::string_view name() const noexcept override { return "simulated gateways"; }
  Status start() override;
  void stop(std::chrono::milliseconds deadline) override;

  /// From any thread, once is_done(): every good device reports now and then, until stop().
  void go_on() noexcept { may_go_on_ = true; }

  [[nodiscard]] Stage stage() const noexcept { return stage_; }
  [[nodiscard]] bool is_done() const noexcept { return stage_ >= Stage::kFinished; }
  [[nodiscard]] std::size_t devices() const noexcept { return devices_; }
  [[nodiscard]] std::size_t registered() const noexcept { return registered_; }
  [[nodiscard]] std::uint64_t total() const noexcept { return total_; }
  [[nodiscard]] std::uint64_t sent() const noexcept { return sent_; }
  /// Of these, taken and refused by the ingest; the others went into the topic.
  [[nodiscard]] std::uint64_t over_http() const noexcept { return over_http_; }
  [[nodiscard]] std::uint64_t refused_over_http() const noexcept { return refused_over_http_; }

  /// What must be there, and what was refused on the way in. The caller goes on with it.
  [[nodiscard]] Audit& audit() noexcept { return audit_; }
  [[nodiscard]] const Cast& cast() const noexcept { return cast_; }
  [[nodiscard]] const Status& failure() const noexcept { return failure_; }

 private:
  Status run();
  /// What is compared afterwards.
  Status play(DemoPublisher& publisher);
  void report_every_day(DemoPublisher& publisher);
  Status register_all();
  Status wait_for_registry();
  Status send(std::vector<ScriptedRecord> records, DemoPublisher& publisher, Oracle& oracle);
  Status send_one(const ScriptedRecord& record, DemoPublisher& publisher);
  void wait_for_silence();
  Status send_returns(DemoPublisher& publisher, Oracle& oracle);
  /// Waits until `is_true` or for `most`; what it was then. False at once when stopping.
  bool wait_until(std::chrono::seconds most, const std::function<bool()>& is_true) const;
  void join();

  const Options options_;
  Cast cast_;
  const allinone::Parts parts_;
  const Clock& clock_;
  const std::size_t devices_;
  std::atomic<bool> is_stopping_{false};
  std::atomic<bool> may_go_on_{false};
  std::atomic<std::size_t> registered_{0};
  std::atomic<std::uint64_t> total_{0};
  std::atomic<std::uint64_t> sent_{0};
  std::atomic<std::uint64_t> over_http_{0};
  std::atomic<std::uint64_t> refused_over_http_{0};
  std::atomic<Stage> stage_{Stage::kRegistering};  // its last change publishes what follows
  Audit audit_;
  Status failure_;
  std::thread thread_;
};

}  // namespace bora::demo
