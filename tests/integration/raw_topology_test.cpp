// The raw topology at work as its program puts it together: the embedded log, the archive, threads.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "bora/running_topology.hpp"
#include "connectors/log/log_source.hpp"
#include "services/gateway/malformed.hpp"
#include "support/raw_records.hpp"
#include "support/topic_log_fixture.hpp"
#include "topologies/parts/log_part.hpp"
#include "topologies/raw/program.hpp"

using namespace bora;
using namespace bora::raw;
using namespace bora::raw::testing;
using namespace std::chrono_literals;
using coldchain::DeviceId;

namespace {

constexpr std::uint64_t kDevices = 50;
constexpr const char* kTopic = "reports";
constexpr const char* kLetters = "reports.dlq";

bool wait_until(const std::function<bool()>& is_so, std::chrono::seconds patience = 60s) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (!is_so()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(1ms);
  }
  return true;
}

RawOptions options_of(std::uint32_t archive_tasks = 1) {
  RawOptions options;
  options.topic = kTopic;
  options.archive_tasks = archive_tasks;
  options.spout.commit_every = 20ms;
  return options;
}

/// A process of the raw program without its command line: what it opens, and the topology.
class RawProcess {
 public:
  explicit RawProcess(const std::filesystem::path& directory)
      : log_({.path = directory / "topics", .durability = log::Durability::kUnsynced}, clock_),
        archive_(
            {.path = directory / "archive", .durability = ArchiveOptions::Durability::kUnsynced}) {
    REQUIRE(log_.start());
    REQUIRE(archive_.start());
  }
  ~RawProcess() {
    running_.reset();
    archive_.stop({});
    log_.stop({});
  }
  RawProcess(const RawProcess&) = delete;
  RawProcess& operator=(const RawProcess&) = delete;

  void run(const RawOptions& options) {
    auto topology = make_topology(
        options, {.connections = log_.connections(options.topic, options.group),
                  .archive = [this]() -> ArchiveWriter& { return archive_.archive(); }});
    REQUIRE(topology);
    auto running = RunningTopology::start(std::move(*topology));
    INFO(running.status().message());
    REQUIRE(running);
    running_ = std::move(*running);
  }
  StopReport stop() { return running_->stop(30s); }

  void append(const std::vector<Record>& records) { REQUIRE(log_.log().append(kTopic, records)); }
  /// Everything in the topic is done, and committed.
  bool is_through() {
    return wait_until([this] { return lag() == std::uint64_t{0}; });
  }
  [[nodiscard]] std::optional<std::uint64_t> lag() const {
    for (const log::GroupStats& group : log_.log().stats().groups)
      if (group.topic == kTopic && group.group == "raw") return group.lag;
    return std::nullopt;
  }
  [[nodiscard]] std::int64_t committed() const {
    std::int64_t records = 0;
    for (const log::GroupStats& group : log_.log().stats().groups)
      if (group.topic == kTopic && group.group == "raw")
        for (const std::int64_t next : group.next_offsets)
          records += next;
    return records;
  }
  /// Of all tasks of a component together.
  [[nodiscard]] std::uint64_t sum(const std::string& component,
                                  std::uint64_t TaskMetricsSnapshot::*of) const {
    std::uint64_t sum = 0;
    for (const TaskMetricsSnapshot& task : running_->metrics().tasks)
      if (task.component == component) sum += task.*of;
    return sum;
  }
  [[nodiscard]] RunningTopology& running() { return *running_; }
  [[nodiscard]] log::TopicLog& log() { return log_.log(); }
  [[nodiscard]] const ArchiveReader& reader() const { return archive_.archive().reader(); }

  /// Entries, counted in both ways.
  [[nodiscard]] std::uint64_t archived() const {
    const auto count = reader().count();
    const auto recount = reader().recount();
    REQUIRE(count);
    REQUIRE(recount);
    CHECK(*count == *recount);
    return *count;
  }

 private:
  SystemClock clock_;
  parts::LogPart log_;
  ArchivePart archive_;
  std::unique_ptr<RunningTopology> running_;
};

/// Reports [from, to), device after device.
std::vector<Record> reports(std::uint64_t from, std::uint64_t to) {
  std::vector<Record> records;
  for (std::uint64_t n = from; n < to; ++n)
    records.push_back(report_record(n % kDevices, n));
  return records;
}

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

}  // namespace

TEST_CASE("raw: every record is archived once as received, or is a dead letter with its reason") {
  const log::testing::ScratchDirectory directory;
  const std::vector<Record> good = reports(0, 20'000);
  const auto bad = malformed_reports();
  RawProcess process{directory.path()};
  process.append({good.begin(), good.begin() + 10'000});
  for (const auto& [reason, record] : bad)
    process.append({record});
  process.run(options_of());
  process.append({good.begin() + 10'000, good.end()});  // while it runs
  REQUIRE(process.is_through());

  CHECK(process.archived() == good.size());
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
    REQUIRE(process.is_through());
    CHECK(process.stop().drained);
  }
  RawProcess process{directory.path()};
  process.run(options_of());
  CHECK(process.archived() == 5'000);
  process.append(reports(5'000, 5'100));
  REQUIRE(process.is_through());
  CHECK(process.sum("records", &TaskMetricsSnapshot::opened) == 100);  // nothing was read again
  CHECK(process.archived() == 5'100);
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
    before = process.archived();
    CHECK(static_cast<std::uint64_t>(process.committed()) == before);  // all of it, and no more
  }
  RawProcess process{directory.path()};
  process.run(options_of());
  REQUIRE(process.is_through());
  CHECK(process.sum("records", &TaskMetricsSnapshot::opened) == kReports - before);
  CHECK(process.archived() == kReports);
}

TEST_CASE("raw: two archive tasks share the devices, and each record is archived once") {
  const log::testing::ScratchDirectory directory;
  const std::vector<Record> records = reports(0, 20'000);
  RawProcess process{directory.path()};
  process.append(records);
  process.run(options_of(/*archive_tasks=*/2));
  REQUIRE(process.is_through());
  CHECK(process.archived() == records.size());
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
  REQUIRE(process.is_through());
  CHECK(process.stop().drained);
  {
    log::testing::Member member{process.log(), kTopic, "raw"};
    member.open().poll(1);
    for (std::uint32_t p = 0; p < 4; ++p)
      REQUIRE(member.commit(p, member.holding(p)->epoch, 0));
  }
  CHECK(process.lag() == records.size());
  process.run(options_of());
  REQUIRE(process.is_through());
  CHECK(process.sum("records", &TaskMetricsSnapshot::opened) == records.size());
  CHECK(process.archived() == records.size());
  check_archived_as_received(process.reader(), records);
}
