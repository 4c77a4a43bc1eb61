#include "benchmarks/pipeline/raw_input.hpp"

#include <chrono>
#include <utility>

#include "bora/check.hpp"
#include "connectors/log/log_source.hpp"
#include "services/gateway/measurements.hpp"
#include "services/gateway/simulation.hpp"
#include "spouts/record_spout_options.hpp"
#include "topologies/coldchain/codec.hpp"

namespace bora::bench {

namespace {

/// Takes every partition of a topic.
struct Nobody final : AssignmentListener {
  void on_assigned(std::uint32_t, std::uint32_t, std::int64_t) override {}
  void on_revoked(std::uint32_t, std::uint32_t, Leave) override {}
};

RawEntry entry_of(const SourceRecord& record) {
  const auto parsed =
      coldchain::parse_identity(coldchain::MessageKind::kReport, record.record.value);
  RawEntry entry;
  make_entry(*parsed, {record.record.timestamp, record.position.partition, record.position.offset},
             record.record.value, entry);
  return entry;
}

}  // namespace

RawInput::RawInput(std::uint64_t reports) {
  auto opened = log::TopicLog::open(
      {.path = directory_.path() / "topics", .durability = log::Durability::kUnsynced}, clock_);
  BORA_CHECK(opened.is_ok(), opened.status().message());
  log_ = *std::move(opened);
  fill(reports);
  read_back();
}

void RawInput::fill(std::uint64_t reports) {
  constexpr std::size_t kAtOnce = 1000;
  const auto simulation = gateway::Simulation::make(
      {}, gateway::random_measurements({.devices = kDevices, .limit = reports}));
  BORA_CHECK(simulation.is_ok(), simulation.status().message());
  std::vector<Record> records;
  const auto append = [&] {
    const auto places = log_->append(kTopic, records);
    BORA_CHECK(places.is_ok(), places.status().message());
    records.clear();
  };
  while (auto report = (*simulation)->next()) {
    records.push_back({std::move(report->key),
                       std::move(report->value),
                       {},
                       report->time + std::chrono::seconds{1}});
    if (records.size() == kAtOnce) append();
  }
  append();
}

void RawInput::read_back() {
  Nobody listener;
  log::LogSource source{*log_, {.topic = kTopic, .group = "read back"}};
  const Status opened = source.open(listener, [] {});
  BORA_CHECK(opened.is_ok(), opened.message());
  std::vector<SourceRecord> records;
  while (true) {
    records.clear();
    const auto polled = source.poll(RecordSpoutOptions{}.poll_records, records);
    BORA_CHECK(polled.is_ok(), polled.status().message());
    if (*polled == 0) break;
    for (const SourceRecord& record : records)
      entries_.push_back(entry_of(record));
  }
  source.close();
}

}  // namespace bora::bench
