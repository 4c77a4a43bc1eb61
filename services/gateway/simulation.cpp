#include "services/gateway/simulation.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "services/gateway/credentials.hpp"
#include "services/gateway/malformed.hpp"
#include "topologies/coldchain/codec.hpp"

namespace bora::gateway {
namespace {

using coldchain::DeviceId;
using coldchain::GatewayId;

/// A repeated or broken report follows within this many reports.
constexpr std::uint64_t kMostDelay = 50;
/// Larger than any real use, and small enough to stay exact as a double.
constexpr double kMostCount = 1e12;

/// The exact number over a stream that ends; nothing for a share of one that does not.
std::optional<std::uint64_t> count_of(const Portion& portion, std::optional<std::uint64_t> items) {
  if (portion.unit == Portion::Unit::kCount) return static_cast<std::uint64_t>(portion.amount);
  if (!items) return std::nullopt;
  return static_cast<std::uint64_t>(std::llround(portion.amount * static_cast<double>(*items)));
}

Spread spread_of(const Portion& portion, std::optional<std::uint64_t> items) {
  return items ? Spread{*items, *count_of(portion, items)} : Spread{portion.amount};
}

Status check(const Portion& portion, const std::string& what, std::optional<std::uint64_t> items) {
  if (!(portion.amount >= 0 && portion.amount <= kMostCount)) {
    return {ErrorKind::kInvalid, "the number of " + what + " must be in 0..1e12"};
  }
  const bool needs_items = portion.unit == Portion::Unit::kCount && portion.amount > 0;
  if (needs_items && items == std::optional<std::uint64_t>{0}) {
    return {ErrorKind::kInvalid, "there are no readings to make " + what + " of"};
  }
  if (needs_items && !items) {
    return {ErrorKind::kInvalid, "readings without end cannot have an exact number of " + what +
                                     "; give a share, or a limit for the readings"};
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<Simulation>> Simulation::make(const SimulationOptions& options,
                                                     std::unique_ptr<Measurements> measurements) {
  constexpr std::chrono::milliseconds kMostSkew = std::chrono::hours{24 * 365};
  if (options.gateways == 0)
    return Error{ErrorKind::kInvalid, "there must be at least one gateway"};
  if (options.skew.count() < 0 || options.skew > kMostSkew) {
    return Error{ErrorKind::kInvalid, "the clock skew must be in 0 ms to one year"};
  }
  const auto items = measurements->size();
  if (Status ok = check(options.duplicates, "duplicates", items); !ok) return ok;
  if (Status ok = check(options.malformed, "malformed records", items); !ok) return ok;
  return std::unique_ptr<Simulation>{new Simulation{options, std::move(measurements)}};
}

Simulation::Simulation(const SimulationOptions& options, std::unique_ptr<Measurements> measurements)
    : options_(options),
      measurements_(std::move(measurements)),
      random_(options.seed),
      duplicates_(spread_of(options.duplicates, measurements_->size())),
      malformed_(spread_of(options.malformed, measurements_->size())) {
  if (const auto items = measurements_->size()) {
    total_ = *items + *count_of(options.duplicates, items) + *count_of(options.malformed, items);
  }
}

std::optional<SimulatedRecord> Simulation::next() {
  while (ready_.empty()) {
    if (const auto measurement = measurements_->next()) {
      report(*measurement);
    } else if (delayed_.empty()) {
      return std::nullopt;
    } else {
      reported_ = delayed_.begin()->first;
    }
    while (!delayed_.empty() && delayed_.begin()->first <= reported_) {
      ready_.push_back(std::move(delayed_.begin()->second));
      delayed_.erase(delayed_.begin());
    }
  }
  SimulatedRecord record = std::move(ready_.front());
  ready_.pop_front();
  account(record);
  return record;
}

void Simulation::report(const Measurement& measurement) {
  const GatewayId gateway_id{1 + to_uint(measurement.device_id) % options_.gateways};
  const coldchain::Report report{
      .device_id = measurement.device_id,
      .gateway_id = gateway_id,
      .temperature = measurement.temperature,
      .time = std::max(measurement.time + skew_of(gateway_id), from_millis(0)),
      .battery = measurement.battery,
      .device_secret = device_secret(options_.seed, measurement.device_id),
      .gateway_secret = gateway_secret(options_.seed, gateway_id)};
  SimulatedRecord record;
  record.key = coldchain::record_key(report.device_id);
  coldchain::write_report(report, record.value);
  record.device_id = report.device_id;
  record.gateway_id = gateway_id;
  record.time = report.time;
  ++reported_;

  for (std::uint64_t n = duplicates_.take(random_); n > 0; --n) {
    SimulatedRecord copy = record;
    copy.kind = SimulatedRecord::Kind::kDuplicate;
    delay(std::move(copy));
  }
  for (std::uint64_t n = malformed_.take(random_); n > 0; --n) {
    const Malformation how = kMalformations[broken_++ % kMalformations.size()];
    SimulatedRecord broken = record;
    broken.kind = SimulatedRecord::Kind::kMalformed;
    broken.value = malformed(report, how);
    broken.rejected = reason_of(how);
    delay(std::move(broken));
  }
  ready_.push_back(std::move(record));
}

void Simulation::delay(SimulatedRecord record) {
  delayed_.emplace(reported_ + random_.below(kMostDelay + 1), std::move(record));
}

void Simulation::account(const SimulatedRecord& record) {
  switch (record.kind) {
    case SimulatedRecord::Kind::kReading: ++expectation_.readings; break;
    case SimulatedRecord::Kind::kDuplicate: ++expectation_.duplicates; break;
    case SimulatedRecord::Kind::kMalformed: ++expectation_.malformed; break;
  }
  if (record.rejected) {
    ++expectation_.rejected_by_reason[*record.rejected];
  } else {
    ++expectation_.archived_by_device[record.device_id];
  }
}

std::chrono::milliseconds Simulation::skew_of(GatewayId gateway_id) const {
  const auto most = static_cast<std::uint64_t>(options_.skew.count());
  const std::uint64_t drawn = Random{options_.seed, to_uint(gateway_id)}.below(2 * most + 1);
  return std::chrono::milliseconds{static_cast<std::int64_t>(drawn) - options_.skew.count()};
}

}  // namespace bora::gateway
