#include "services/coldchain/demo_script.hpp"

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>

#include "services/gateway/malformed.hpp"
#include "services/gateway/portion.hpp"
#include "services/gateway/random.hpp"
#include "topologies/coldchain/codec.hpp"

namespace bora::demo {

namespace {

using coldchain::GatewayId;
using Kind = gateway::SimulatedRecord::Kind;

constexpr std::size_t kOneInWrong = 10;
constexpr std::uint64_t kMostDelay =
    50;  // a repeated or broken report follows within so many others

constexpr GatewayId kUnknownGateway{999'999};
constexpr std::string_view kWrongGatewaySecret = "0123456789ABCDEF0123456789ABCDEF01234567";

/// The report of a reading.
coldchain::Report report_of(const Cast& cast, const CastDevice& device, std::size_t reading) {
  const gateway::Measurement& measured = device.readings[reading];
  const CastGateway& gateway = cast.gateways[device.gateway];
  return {.device_id = device.id,
          .gateway_id = gateway.id,
          .temperature = measured.temperature,
          .time = measured.time,
          .battery = measured.battery,
          .device_secret = device.secret,
          .gateway_secret = gateway.secret};
}

/// The same, spoiled as the device's role wants it.
coldchain::Report spoiled_report_of(const Cast& cast, const CastDevice& device,
                                    std::size_t reading) {
  coldchain::Report report = report_of(cast, device, reading);
  if (reading % kOneInWrong != kOneInWrong - 1) return report;
  switch (device.role) {
    case Role::kWrongSecret:
      report.device_secret = coldchain::DeviceSecret{device.secret.reveal() ^ 1};
      break;
    case Role::kUnknownGateway: report.gateway_id = kUnknownGateway; break;
    case Role::kWrongGatewaySecret:
      report.gateway_secret = coldchain::GatewaySecret{kWrongGatewaySecret};
      break;
    default: break;
  }
  return report;
}

ScriptedRecord record_of(const Cast& cast, const CastDevice& device,
                         const coldchain::Report& report) {
  ScriptedRecord record;
  record.report = report;
  record.wire.key = coldchain::record_key(report.device_id);
  coldchain::write_report(report, record.wire.value);
  record.wire.device_id = report.device_id;
  record.wire.gateway_id = cast.gateways[device.gateway].id;
  record.wire.time = report.time;
  return record;
}

/// Which reading of which device, and when it is its turn: 0 first, 1 last.
struct Turn {
  double at = 0;
  const CastDevice* device = nullptr;
  std::size_t reading = 0;
};

std::vector<Turn> turns_of(const Cast& cast) {
  std::vector<Turn> turns;
  for (const CastDevice& device : cast.devices) {
    const std::size_t count = device.readings.size();
    for (std::size_t i = 0; i < count; ++i)
      turns.push_back({static_cast<double>(i) / static_cast<double>(count), &device,
                       device.is_late() ? count - 1 - i : i});
  }
  std::stable_sort(turns.begin(), turns.end(),
                   [](const Turn& a, const Turn& b) { return a.at < b.at; });
  return turns;
}

}  // namespace

std::vector<ScriptedRecord> make_script(const Cast& cast, const ScriptOptions& options) {
  const std::vector<Turn> turns = turns_of(cast);
  gateway::Random random{options.seed};
  gateway::Spread duplicates{turns.size(), options.duplicates};
  gateway::Spread malformed{turns.size(), options.malformed};
  std::vector<std::pair<std::uint64_t, ScriptedRecord>> records;  // with their place
  const auto add_later = [&](std::size_t turn, ScriptedRecord record) {
    records.emplace_back(turn + 1 + random.below(kMostDelay), std::move(record));
  };
  std::size_t broken_so_far = 0;
  for (std::size_t i = 0; i < turns.size(); ++i) {
    const CastDevice& device = *turns[i].device;
    const coldchain::Report report = spoiled_report_of(cast, device, turns[i].reading);
    const ScriptedRecord record = record_of(cast, device, report);
    records.emplace_back(i, record);
    for (std::uint64_t n = duplicates.take(random); n > 0; --n) {
      ScriptedRecord copy = record;
      copy.wire.kind = Kind::kDuplicate;
      add_later(i, std::move(copy));
    }
    for (std::uint64_t n = malformed.take(random); n > 0; --n) {
      const auto how = gateway::kMalformations[broken_so_far++ % gateway::kMalformations.size()];
      ScriptedRecord broken = record;
      broken.wire.kind = Kind::kMalformed;
      broken.wire.value = gateway::malformed(report, how);
      broken.wire.rejected = gateway::reason_of(how);
      add_later(i, std::move(broken));
    }
  }
  std::stable_sort(records.begin(), records.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<ScriptedRecord> script;
  script.reserve(records.size());
  for (auto& [place, record] : records)
    script.push_back(std::move(record));
  return script;
}

ScriptedRecord make_fresh(const Cast& cast, const CastDevice& device, std::size_t reading,
                          WallTime now) {
  coldchain::Report report = report_of(cast, device, reading % device.readings.size());
  report.time = now;
  return record_of(cast, device, report);
}

}  // namespace bora::demo
