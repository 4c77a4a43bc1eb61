#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "bora/status.hpp"
#include "services/gateway/measurements.hpp"
#include "services/gateway/portion.hpp"
#include "services/gateway/random.hpp"
#include "topologies/coldchain/messages.hpp"
#include "topologies/coldchain/rejection.hpp"

namespace bora::gateway {

/// One record as a gateway publishes it on topic `reports`, and what must become of it.
struct SimulatedRecord {
  enum class Kind : std::uint8_t {
    kReading,    ///< The first report of a measurement.
    kDuplicate,  ///< The same bytes once more, as a gateway sends that lost the answer.
    kMalformed,  ///< A broken copy of a report. The unbroken one is sent too.
  };
  std::string key;    ///< The device id as text.
  std::string value;  ///< In one line, without a newline.
  Kind kind = Kind::kReading;
  coldchain::DeviceId device_id{};
  coldchain::GatewayId gateway_id{};
  WallTime time{};  ///< `reading.time` of the report, by the gateway's clock.
  /// Absent: this record is archived, once. Else it goes to the dead letters, for this reason.
  std::optional<coldchain::RejectReason> rejected;
};

/// What must have become of all records so far: to compare with an archive and dead letters.
/// Every reading and every duplicate is a record of its own, so each is one entry of the archive.
struct Expectation {
  std::uint64_t readings = 0;
  std::uint64_t duplicates = 0;
  std::uint64_t malformed = 0;
  std::map<coldchain::DeviceId, std::uint64_t> archived_by_device;  ///< Readings and duplicates.
  std::map<coldchain::RejectReason, std::uint64_t> rejected_by_reason;

  [[nodiscard]] std::uint64_t archived() const noexcept { return readings + duplicates; }
  [[nodiscard]] std::uint64_t records() const noexcept { return archived() + malformed; }
};

struct SimulationOptions {
  std::uint64_t seed = 1;
  /// Device d reports through gateway 1 + d mod gateways.
  std::uint64_t gateways = 3;
  Portion duplicates = Portion::count(0);
  /// Of every kind in turn.
  Portion malformed = Portion::count(0);
  /// Each gateway's clock is off by a fixed time in -skew..skew. The expectation holds as long as no
  /// reading then lies over five minutes after the moment at which it is received.
  std::chrono::milliseconds skew{0};
};

/// Simulated gateways: turns measurements into reports with credentials, repeats and breaks some, and
/// keeps account of what must become of them. The same options and measurements give the same records.
///
/// Threads: single-owner.
class Simulation {
 public:
  /// Fails: kInvalid for options out of range, or an exact count over measurements without end.
  [[nodiscard]] static Result<std::unique_ptr<Simulation>> make(
      const SimulationOptions& options, std::unique_ptr<Measurements> measurements);

  /// Nothing at the end.
  std::optional<SimulatedRecord> next();

  /// Of all that next() gave.
  [[nodiscard]] const Expectation& expectation() const noexcept { return expectation_; }
  /// How many records next() gives in all; nothing when there is no end.
  [[nodiscard]] std::optional<std::uint64_t> total() const noexcept { return total_; }

 private:
  Simulation(const SimulationOptions& options, std::unique_ptr<Measurements> measurements);
  void report(const Measurement& measurement);
  void delay(SimulatedRecord record);
  void account(const SimulatedRecord& record);
  [[nodiscard]] std::chrono::milliseconds skew_of(coldchain::GatewayId gateway_id) const;

  const SimulationOptions options_;
  const std::unique_ptr<Measurements> measurements_;
  Random random_;
  Spread duplicates_;
  Spread malformed_;
  std::optional<std::uint64_t> total_;
  std::uint64_t reported_ = 0;
  std::uint64_t broken_ = 0;
  std::deque<SimulatedRecord> ready_;
  std::multimap<std::uint64_t, SimulatedRecord>
      delayed_;  ///< By the number of reports to wait for.
  Expectation expectation_;
};

}  // namespace bora::gateway
