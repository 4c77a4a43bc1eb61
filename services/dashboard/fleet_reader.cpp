#include "services/dashboard/fleet_reader.hpp"

#include <algorithm>

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
      followed_{{sources_.readings_topic, &FleetReader::take_reading},
                {sources_.alerts_topic, &FleetReader::take_alert}},
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

void FleetReader::run() {
  NoListener listener;
  while (!rest(kLookEvery)) {
    if (!is_open_) {
      const Status opened = sources_.registry->open(listener, [] {});
      is_open_ = opened.is_ok();
      tell(opened);
      if (!is_open_) continue;
    }
    tell(look());
  }
  if (is_open_) sources_.registry->close();
}

Status FleetReader::look() {
  if (Status s = read_registry(); !s) return s;
  if (Status s = find_partitions(); !s) return s;
  is_caught_up_ = true;
  for (Followed& followed : followed_)
    if (Status s = follow(followed); !s) return s;
  return is_caught_up_ ? ask_series() : Status{};
}

Status FleetReader::read_registry() {
  for (;;) {
    records_.clear();
    const auto polled = sources_.registry->poll(kReadRecords, records_);
    if (!polled) return polled.status();
    for (const SourceRecord& record : records_)
      // What cannot be read is told by the registry's own part.
      if (auto change = coldchain::read_registry_record(record.record)) fleet_.apply(*change);
    if (records_.empty()) return {};
  }
}

Status FleetReader::find_partitions() {
  const log::LogStats stats = sources_.log.stats();
  for (Followed& followed : followed_)
    for (const log::TopicStats& topic : stats.topics) {
      if (topic.topic != followed.topic) continue;
      for (std::uint32_t p = 0; p < topic.partitions.size(); ++p) {
        const log::PartitionStats& partition = topic.partitions[p];
        followed.next.try_emplace(
            p, std::max(partition.start_offset, partition.end_offset - kLookBack));
      }
    }
  return {};
}

Status FleetReader::follow(Followed& followed) {
  for (auto& [partition, next] : followed.next) {
    bool has_more = true;
    for (int reads = 0; has_more && reads < kReadsPerLook; ++reads) {
      records_.clear();
      const auto read = sources_.log.read(followed.topic, partition, next, kReadRecords, records_);
      if (!read) return read.status();
      for (const SourceRecord& record : records_)
        (this->*followed.take)(record.record);
      if (!records_.empty()) next = records_.back().position.offset + 1;
      has_more = records_.size() == kReadRecords;
    }
    if (has_more) is_caught_up_ = false;
  }
  return {};
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
