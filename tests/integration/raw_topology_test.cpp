// The raw topology at work as its program puts it together: the embedded log, the archive, threads.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "services/gateway/malformed.hpp"
#include "support/raw_process.hpp"
#include "support/raw_records.hpp"
#include "support/topic_log_fixture.hpp"

using namespace bora;
using namespace bora::raw;
using namespace bora::raw::testing;
using namespace std::chrono_literals;
using coldchain::DeviceId;

namespace {

constexpr const char* kLetters = "reports.dlq";

/// One record for each way to break a report, by the reason to refuse it.
std::multimap<std::string, Record> malformed_reports() {
  std::multimap<std::string, Record> records;
  for (const gateway::Malformation how : gateway::kMalformations)
    records.emplace(coldchain::to_string(gateway::reason_of(how)),
                    record_of(1, gateway::malformed(report_of(1, 0), how)));
  return records;
}

std::string header_of(const Record& record, std::string_view key) {
  for (const RecordHeader& header : record.headers)
    if (header.key == key) return header.value;
  return {};
}

std::vector<Record> dead_letters(log::TopicLog& log) {
  std::vector<Record> letters;
  for (const log::TopicStats& topic : log.stats().topics) {
    if (topic.topic != kLetters) continue;
    for (std::uint32_t p = 0; p < topic.partitions.size(); ++p)
      for (SourceRecord& record : log::testing::read_all(log, kLetters, p))
        letters.push_back(std::move(record.record));
  }
  return letters;
}

/// Whether the archive holds, of every device, exactly the messages of these records, in order.
void check_archived_as_received(const ArchiveReader& reader, const std::vector<Record>& records) {
  std::map<std::string, std::vector<std::string>> expected;
  for (const Record& record : records)
    expected[*record.key].push_back(record.value);
  const auto devices = reader.devices();
  REQUIRE(devices);
  CHECK(devices->size() == expected.size());
  for (const DeviceId device : *devices) {
    std::vector<std::string> messages;
    ArchiveScan scan = reader.scan(device);
    while (scan.next())
      messages.emplace_back(scan.entry().message);
    REQUIRE(scan.status());
    CHECK(messages == expected[coldchain::record_key(device)]);
  }
}

/// Entries, counted in both ways.
std::uint64_t archived(const RawProcess& process) {
  const auto count = process.reader().count();
  const auto recount = process.reader().recount();
  REQUIRE(count);
  REQUIRE(recount);
  CHECK(*count == *recount);
  return *count;
}

}  // namespace

TEST_CASE("raw: every record is archived once as received, or is a dead letter with its reason") {
  const log::testing::ScratchDirectory directory;
  std::vector<Record> good = reports(0, 20'000);
  good.insert(good.end(), 9, Record{good.back()});  // sent ten times, so ten entries
  const auto bad = malformed_reports();
  RawProcess process{directory.path()};
  process.append({good.begin(), good.begin() + 10'000});
  for (const auto& [reason, record] : bad)
    process.append({record});
  process.run(options_of());
  process.append({good.begin() + 10'000, good.end()});  // while it runs
  REQUIRE(process.wait_until_through());

  CHECK(archived(process) == good.size());
  check_archived_as_received(process.reader(), good);

  std::multimap<std::string, Record> found;
  for (const Record& letter : dead_letters(process.log())) {
    const std::string reason = header_of(letter, "bora.dlq.reason");
    CHECK(header_of(letter, "bora.dlq.topic") == kTopic);
    CHECK(header_of(letter, "bora.dlq.kind") == "permanent");
    CHECK(header_of(letter, "bora.dlq.component") == "parse");
    CHECK(header_of(letter, "bora.dlq.attempts") == "1");
    found.emplace(reason.substr(0, reason.find(':')), letter);
  }
  REQUIRE(found.size() == bad.size());
  for (auto [at, expected] = std::pair{found.begin(), bad.begin()}; at != found.end();
       ++at, ++expected)
    CHECK(at->first == expected->first);
  std::multiset<std::string> values, expected_values;
  for (const auto& [reason, letter] : found)
    values.insert(letter.value);
  for (const auto& [reason, record] : bad)
    expected_values.insert(record.value);
  CHECK(values == expected_values);
  CHECK(process.stop().drained);
}

TEST_CASE("raw: a restart goes on at the committed offset and archives nothing again") {
  const log::testing::ScratchDirectory directory;
  {
    RawProcess process{directory.path()};
    process.append(reports(0, 5'000));
    process.run(options_of());
    REQUIRE(process.wait_until_through());
    CHECK(process.stop().drained);
  }
  RawProcess process{directory.path()};
  process.run(options_of());
  CHECK(archived(process) == 5'000);
  process.append(reports(5'000, 5'100));
  REQUIRE(process.wait_until_through());
  CHECK(process.sum("records", &TaskMetricsSnapshot::opened) == 100);  // nothing was read again
  CHECK(archived(process) == 5'100);
}

TEST_CASE("raw: a stop in the middle drains, and the next start does the rest") {
  const log::testing::ScratchDirectory directory;
  constexpr std::uint64_t kReports = 60'000;
  const std::vector<Record> records = reports(0, kReports);
  std::uint64_t before = 0;
  {
    RawProcess process{directory.path()};
    process.append(records);
    process.run(options_of());
    REQUIRE(wait_until([&] { return *process.reader().count() > 1'000; }));
    const StopReport report = process.stop();
    CHECK(report.drained);
    CHECK(report.left_in_flight == 0);
    before = archived(process);
    CHECK(static_cast<std::uint64_t>(process.committed()) == before);  // all of it, and no more
  }
  RawProcess process{directory.path()};
  process.run(options_of());
  REQUIRE(process.wait_until_through());
  CHECK(process.sum("records", &TaskMetricsSnapshot::opened) == kReports - before);
  CHECK(archived(process) == kReports);
}

TEST_CASE("raw: two archive tasks share the devices, and each record is archived once") {
  const log::testing::ScratchDirectory directory;
  const std::vector<Record> records = reports(0, 20'000);
  RawProcess process{directory.path()};
  process.append(records);
  process.run(options_of(/*archive_tasks=*/2));
  REQUIRE(process.wait_until_through());
  CHECK(archived(process) == records.size());
  check_archived_as_received(process.reader(), records);
  for (const TaskMetricsSnapshot& task : process.running().metrics().tasks) {
    if (task.component == "archive") CHECK(task.executed > 0);
  }
}

TEST_CASE("raw: a group whose commits were taken back archives everything again, and once") {
  const log::testing::ScratchDirectory directory;
  const std::vector<Record> records = reports(0, 10'000);
  RawProcess process{directory.path()};
  process.append(records);
  process.run(options_of());
  REQUIRE(process.wait_until_through());
  CHECK(process.stop().drained);
  {
    log::testing::Member member{process.log(), kTopic, "raw"};
    member.open().poll(1);
    for (std::uint32_t p = 0; p < 4; ++p)
      REQUIRE(member.commit(p, member.holding(p)->epoch, 0));
  }
  CHECK(process.lag() == records.size());
  process.run(options_of());
  REQUIRE(process.wait_until_through());
  CHECK(process.sum("records", &TaskMetricsSnapshot::opened) == records.size());
  CHECK(archived(process) == records.size());
  check_archived_as_received(process.reader(), records);
}
