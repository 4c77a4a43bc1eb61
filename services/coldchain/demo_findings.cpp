#include "services/coldchain/demo_findings.hpp"

#include <fstream>
#include <optional>
#include <utility>

#include <nlohmann/json.hpp>

#include "services/coldchain/demo_oracle.hpp"
#include "services/coldchain/program.hpp"
#include "spouts/dead_letter.hpp"
#include "topologies/coldchain/alert.hpp"
#include "topologies/coldchain/codec.hpp"

namespace bora::demo {

namespace {

using nlohmann::json;

constexpr std::size_t kReadAtOnce = 1024;
constexpr const char* kUnreadable = "unreadable";

/// "too_hot" of "123-too_hot-1466380800123".
std::string kind_of_alert(const std::string& id) {
  const std::size_t first = id.find('-');
  const std::size_t last = id.rfind('-');
  if (first == std::string::npos || last <= first) return kUnreadable;
  return id.substr(first + 1, last - first - 1);
}

void find_reading(const Record& record, Audit& audit) {
  const auto reading = coldchain::parse_reading(record.value);
  audit.find(Place::kReadings, "readings", reading ? reading_item(*reading) : record.value);
}

void find_rejection(const Record& record, Audit& audit) {
  const auto reading = coldchain::parse_reading(record.value);
  audit.find(Place::kRejected, reason_of_rejection(record),
             reading ? reading_item(*reading) : record.value);
}

void find_alert(const Record& record, Audit& audit) {
  const auto alert = coldchain::parse_alert(record.value);
  if (!alert) return audit.find(Place::kAlerts, kUnreadable, record.value);
  audit.find(Place::kAlerts, to_string(alert->kind), alert_item(*alert));
}

}  // namespace

Status TopicTail::read(const log::TopicLog& log, const std::function<void(const Record&)>& show) {
  for (const log::TopicStats& topic : log.stats().topics) {
    if (topic.topic != topic_) continue;
    next_.resize(topic.partitions.size());
    for (std::uint32_t p = 0; p < topic.partitions.size(); ++p) {
      std::vector<SourceRecord> records;
      while (next_[p] < topic.partitions[p].end_offset) {
        records.clear();
        const auto read = log.read(topic_, p, next_[p], kReadAtOnce, records);
        if (!read) return read.status();
        if (records.empty()) break;
        next_[p] = records.back().position.offset + 1;
        for (const SourceRecord& record : records)
          show(record.record);
      }
    }
  }
  return {};
}

std::string reason_of_dead_letter(const Record& letter) {
  const std::string name = std::string{kDeadLetterPrefix} + "reason";
  for (const RecordHeader& header : letter.headers)
    if (header.key == name) return header.value.substr(0, header.value.find(':'));
  return "no reason";
}

std::string reason_of_rejection(const Record& rejected) {
  const json read = json::parse(rejected.value, nullptr, /*allow_exceptions=*/false);
  return read.is_object() ? read.value("reason", "no reason") : kUnreadable;
}

Status find_archived(const raw::ArchiveReader& archive, Audit& audit) {
  const auto devices = archive.devices();
  if (!devices) return devices.status();
  for (const coldchain::DeviceId device : *devices) {
    raw::ArchiveScan scan = archive.scan(device);
    while (scan.next())
      audit.find(Place::kArchive, "reports", archived_item(device, scan.entry().message));
    if (!scan.status()) return scan.status();
  }
  return {};
}

Status find_points(const coldchain::SeriesScanner& series, Audit& audit) {
  using coldchain::Series;
  for (const Series which : {Series::kTemperature, Series::kBattery}) {
    const coldchain::SeriesScan all{.series = which,
                                    .range = {.from = {}, .to = from_millis(INT64_MAX / 2)}};
    const Status scanned = series.scan(all, [&](const coldchain::SeriesPoint& point) {
      audit.find(Place::kCurves, coldchain::to_string(which),
                 point_item(point.device_id, point.gateway_id, point.time, point.value));
      return true;
    });
    if (!scanned) return scanned;
  }
  return {};
}

Status find_records(const log::TopicLog& log, Audit& audit) {
  using Find = void (*)(const Record&, Audit&);
  std::vector<std::pair<std::string, Find>> topics{
      {"readings", find_reading}, {"reports.rejected", find_rejection}, {"alerts", find_alert}};
  for (const std::string& topic : allinone::topics_with_dead_letters())
    topics.emplace_back(dead_letter_topic(topic), [](const Record& letter, Audit& told) {
      told.find(Place::kDeadLetters, reason_of_dead_letter(letter), letter.value);
    });
  for (const auto& [topic, find] : topics) {
    const Status read = TopicTail{topic}.read(
        log, [&audit, found = find](const Record& record) { found(record, audit); });
    if (!read) return read;
  }
  return {};
}

Status find_notifications(const std::filesystem::path& file, Audit& audit) {
  std::ifstream in{file};
  for (std::string line; std::getline(in, line);) {
    const json read = json::parse(line, nullptr, /*allow_exceptions=*/false);
    const std::string key = read.is_object() ? read.value("key", "") : "";
    audit.find(Place::kNotified, kind_of_alert(key), key.empty() ? line : key);
  }
  if (in.bad()) return {ErrorKind::kUnavailable, "cannot read " + file.string()};
  return {};
}

}  // namespace bora::demo
