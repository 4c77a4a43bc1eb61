#include "services/dashboard/fleet_reader.hpp"

#include <utility>

#include "topologies/coldchain/alert.hpp"
#include "topologies/coldchain/codec.hpp"
#include "topologies/coldchain/registry.hpp"

namespace bora::dashboard {

namespace {

constexpr std::chrono::milliseconds kLookEvery{250};
constexpr std::size_t kReadRecords = 4'096;
// A look goes on while there is more, but not for so long that a stop would wait.
constexpr int kReadsPerLook = 64;
constexpr std::size_t kAskedPerLook = 200;
// To the year 9999, beyond which texts of times have more digits.
constexpr coldchain::TimeRange kAllTimes{WallTime{},
                                         WallTime{std::chrono::milliseconds{253'402'300'799'000}}};

struct NoListener final : AssignmentListener {
  void on_assigned(std::uint32_t, std::uint32_t, std::int64_t) override {}
  void on_revoked(std::uint32_t, std::uint32_t, Leave) override {}
};

}  // namespace

FleetReader::FleetReader(Fleet& fleet, FleetSources sources,
                         std::function<void(const std::string&)> on_event)
    : fleet_(fleet),
      sources_(std::move(sources)),
      on_event_(std::move(on_event)),
      followed_{{*sources_.registry, &FleetReader::take_entry},
                {*sources_.readings, &FleetReader::take_reading},
                {*sources_.alerts, &FleetReader::take_alert}},
      thread_([this] { run(); }) {}

FleetReader::~FleetReader() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

bool FleetReader::rest(std::chrono::milliseconds at_most) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, at_most, [this] { return stopping_; });
}

bool FleetReader::is_stopping() {
  const std::lock_guard lock(mutex_);
  return stopping_;
}

void FleetReader::run() {
  while (!rest(kLookEvery))
    tell(look());
  for (Followed& followed : followed_)
    if (followed.is_open) followed.source.close();
}

/// A topic that cannot be read does not keep the others from being read.
Status FleetReader::look() {
  Status fault;
  bool is_caught_up = true;
  for (Followed& followed : followed_) {
    if (is_stopping()) return fault;
    Status followed_on = follow(followed);
    const auto lag = followed.source.lag();
    // Nearly is enough: where much happens, something is always on its way.
    if (!followed_on || !lag || *lag >= kReadRecords) is_caught_up = false;
    if (fault && !followed_on) fault = std::move(followed_on);
  }
  if (fault && is_caught_up) return ask_series();
  return fault;
}

Status FleetReader::follow(Followed& followed) {
  if (!followed.is_open) {
    static NoListener listener;
    if (Status opened = followed.source.open(listener, [] {}); !opened) return opened;
    followed.is_open = true;
  }
  bool has_more = true;
  for (int reads = 0; has_more && reads < kReadsPerLook; ++reads) {
    records_.clear();
    const auto read = followed.source.poll(kReadRecords, records_);
    if (!read) return read.status();
    for (const SourceRecord& record : records_)
      (this->*followed.take)(record.record);
    has_more = !records_.empty();
  }
  return {};
}

void FleetReader::take_entry(const Record& record) {
  // What cannot be read is told by the registry's own part.
  if (const auto change = coldchain::read_registry_record(record)) fleet_.apply(*change);
}

void FleetReader::take_reading(const Record& record) {
  // What is none is a dead letter of the topologies that work on it.
  if (const auto reading = coldchain::parse_reading(record.value)) fleet_.note(*reading);
}

void FleetReader::take_alert(const Record& record) {
  if (const auto alert = coldchain::parse_alert(record.value)) fleet_.note(*alert);
}

Status FleetReader::ask_series() {
  if (!sources_.series) return {};
  std::size_t asked = 0;
  for (const coldchain::DeviceId device : fleet_.without_reading()) {
    if (asked_.count(device) != 0) continue;
    if (++asked > kAskedPerLook) break;
    coldchain::PointQuery query{.device_id = device,
                                .range = kAllTimes,
                                .limit = 1,
                                .order = coldchain::TimeOrder::kNewestFirst};
    const auto temperature = sources_.series->points(query);
    if (!temperature) return temperature.status();
    query.series = coldchain::Series::kBattery;
    const auto battery = sources_.series->points(query);
    if (!battery) return battery.status();
    asked_.insert(device);
    if (temperature->empty() || battery->empty()) continue;
    fleet_.note_last(device, {temperature->front().time, temperature->front().value,
                              static_cast<std::uint8_t>(battery->front().value)});
  }
  return {};
}

void FleetReader::tell(const Status& status) {
  const std::string fault = status ? std::string{} : std::string{status.message()};
  if (fault != last_fault_ && !fault.empty() && on_event_) on_event_(fault);
  last_fault_ = fault;
}

}  // namespace bora::dashboard
