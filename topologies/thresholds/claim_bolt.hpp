#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "bora/bolt.hpp"
#include "bora/gauge.hpp"
#include "topologies/coldchain/alert_ledger.hpp"
#include "topologies/coldchain/shared_state.hpp"
#include "topologies/thresholds/bolts.hpp"

namespace bora::thresholds {

/// Opens one task's way to the shared state.
using StateSource = std::function<std::unique_ptr<coldchain::SharedState>()>;

/// Lets one alert of each device and kind pass in an hour of event time: asks the ledger, for many
/// candidates at once, and emits those whose claim was granted and is durable.
///
/// A claim is made by the record that a candidate comes from, so its replay after a crash is granted
/// again and finishes what was begun, while the same reading in a second record (gateways may repeat)
/// is one more reading of an hour that is taken.
///
/// What was granted here is remembered, so a device that stays too hot asks the ledger once an hour, not
/// at every reading.
/// Fails: a ledger that is away fails its candidates as Unavailable.
class ClaimBolt final : public Bolt<Candidate, coldchain::Alert> {
 public:
  static constexpr std::size_t kBatch = 256;  ///< Candidates asked about at once.
  static constexpr std::size_t kRemembered =
      1U << 16U;  ///< Devices and kinds; then all are forgotten.

  explicit ClaimBolt(StateSource connect) : connect_(std::move(connect)) {}

  Status open(Context&) override;
  void execute(const Candidate& in) override;
  void on_idle() override { ask(); }
  void on_drain() override { ask(); }
  [[nodiscard]] std::vector<Gauge> gauges() const override;

 private:
  struct Waiting {
    Candidate candidate;
    std::string id;  // of its claim
    AckToken token;
  };
  struct Subject {
    coldchain::DeviceId device{};
    coldchain::AlertKind kind{};
    bool operator==(const Subject&) const = default;
  };
  struct SubjectHash {
    std::size_t operator()(const Subject& subject) const noexcept;
  };
  struct Grant {
    WallTime time{};
    RecordPosition position;
  };

  [[nodiscard]] bool is_known_as_taken(const Candidate& candidate) const;
  void ask();
  void settle(Waiting& waiting, coldchain::ClaimAnswer answer);
  void remember(const Candidate& candidate);

  StateSource connect_;
  std::unique_ptr<coldchain::SharedState> state_;
  std::vector<Waiting> waiting_;
  std::vector<coldchain::AlertClaim> claims_;  // of the batch being asked; kept for their memory
  std::vector<coldchain::ClaimAnswer> answers_;
  std::unordered_map<Subject, Grant, SubjectHash> grants_;  // the latest of each, by this task
  OwnedCount granted_;
  OwnedCount taken_;
  OwnedCount asked_;
};

}  // namespace bora::thresholds
