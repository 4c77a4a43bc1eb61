// What becomes of the neighbours when one part misbehaves: real threads, the real engine, records from
// a broker in memory. Each case lasts a few seconds; BORA_FAULT_SECONDS=30 makes the faults last that
// long.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "bora/running_topology.hpp"
#include "bora/topology.hpp"
#include "spouts/record_spout.hpp"
#include "support/memory_broker.hpp"
#include "support/memory_sink.hpp"
#include "support/memory_source.hpp"
#include "support/raw_records.hpp"
#include "topologies/raw/topology.hpp"

using namespace bora;
using namespace std::chrono_literals;
using raw::testing::MemoryArchive;
using raw::testing::report_record;

namespace {

constexpr std::uint32_t kPartitions = 4;
constexpr const char* kGroup = "group";

std::chrono::milliseconds fault_time() {
  const char* seconds = std::getenv("BORA_FAULT_SECONDS");
  return seconds == nullptr ? 3'000ms : std::chrono::seconds{std::atoi(seconds)};
}

bool wait_until(const std::function<bool()>& is_so, std::chrono::seconds patience = 90s) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (!is_so()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(2ms);
  }
  return true;
}

/// The lines that a log would show.
class Events {
 public:
  void add(const std::string& component, const std::string& text) {
    const std::lock_guard lock{mutex_};
    lines_.push_back(component + ": " + text);
  }
  [[nodiscard]] std::string all() const {
    const std::lock_guard lock{mutex_};
    std::string text;
    for (const std::string& line : lines_)
      text.append(line).append("\n");
    return text;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
};

/// A source that counts what was taken from it.
class CountingSource final : public RecordSource {
 public:
  CountingSource(std::unique_ptr<RecordSource> inner, std::atomic<std::uint64_t>& taken)
      : inner_(std::move(inner)), taken_(taken) {}
  [[nodiscard]] std::string_view topic() const noexcept override { return inner_->topic(); }
  Status open(AssignmentListener& listener, std::function<void()> wake) override {
    return inner_->open(listener, std::move(wake));
  }
  Result<std::size_t> poll(std::size_t max, std::vector<SourceRecord>& out) override {
    auto polled = inner_->poll(max, out);
    if (polled) taken_ += *polled;
    return polled;
  }
  void pause() override { inner_->pause(); }
  void resume() override { inner_->resume(); }
  Status commit(std::span<const CommitRequest> requests) override {
    return inner_->commit(requests);
  }
  [[nodiscard]] std::optional<std::uint64_t> lag() const override { return inner_->lag(); }
  void close() override { inner_->close(); }

 private:
  std::unique_ptr<RecordSource> inner_;
  std::atomic<std::uint64_t>& taken_;
};

/// A broker, and what came of its topics.
struct Plant {
  test::MemoryBroker broker;
  Events events;
  std::atomic<std::uint64_t> taken{0};

  void add_topic(const std::string& topic) {
    broker.create_topic(topic, kPartitions);
    broker.create_topic(topic + ".dlq", 1);
  }
  RecordConnections connect(const std::string& topic) {
    return {.source =
                [this, topic](std::uint32_t) {
                  return std::make_unique<CountingSource>(
                      std::make_unique<test::MemorySource>(
                          broker, test::MemorySourceOptions{.topic = topic, .group = kGroup}),
                      taken);
                },
            .dead_letters =
                [this](std::uint32_t) { return std::make_unique<test::MemorySink>(broker); }};
  }
  [[nodiscard]] EngineOptions engine() {
    EngineOptions options;
    options.on_event = [this](const std::string& component, const std::string& text) {
      events.add(component, text);
    };
    return options;
  }
  [[nodiscard]] bool is_committed(const std::string& topic) const {
    for (std::uint32_t p = 0; p < kPartitions; ++p) {
      const auto records = broker.records(topic, p);
      if (!records.empty() && broker.committed(kGroup, topic, p) <= records.back().offset)
        return false;
    }
    return true;
  }
  [[nodiscard]] std::size_t letters(const std::string& topic) const {
    return broker.records(topic + ".dlq").size();
  }
};

std::string header_of(const Record& record, std::string_view key) {
  for (const RecordHeader& header : record.headers)
    if (header.key == key) return header.value;
  return {};
}

std::unique_ptr<RunningTopology> start(Result<Topology> topology, EngineOptions options) {
  REQUIRE(topology);
  auto running = RunningTopology::start(std::move(*topology), std::move(options));
  INFO(running.status().message());
  REQUIRE(running);
  return std::move(*running);
}

/// Of all tasks of a component.
std::uint64_t sum_of(const RunningTopology& running, const std::string& component,
                     std::uint64_t TaskMetricsSnapshot::*of) {
  std::uint64_t sum = 0;
  for (const TaskMetricsSnapshot& task : running.metrics().tasks)
    if (task.component == component) sum += task.*of;
  return sum;
}

/// Which records reached the end, and how often.
class Reached {
 public:
  void add(const RecordPosition& position) {
    const std::lock_guard lock{mutex_};
    ++times_[{position.partition, position.offset}];
    distinct_ = times_.size();
  }
  [[nodiscard]] std::size_t distinct() const noexcept { return distinct_; }
  [[nodiscard]] bool has(std::uint32_t partition, std::int64_t offset) const {
    const std::lock_guard lock{mutex_};
    return times_.count({partition, offset}) != 0;
  }
  [[nodiscard]] bool has_repeats() const {
    const std::lock_guard lock{mutex_};
    return std::any_of(times_.begin(), times_.end(), [](const auto& at) { return at.second > 1; });
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::pair<std::uint32_t, std::int64_t>, int> times_;
  std::atomic<std::size_t> distinct_{0};
};

class NoteBolt final : public Bolt<ConsumedRecord> {
 public:
  explicit NoteBolt(Reached& reached) : reached_(reached) {}
  void execute(const ConsumedRecord& in) override { reached_.add(in.position); }

 private:
  Reached& reached_;
};

/// Passes on what does not come from one device.
class PickyBolt final : public Bolt<ConsumedRecord, ConsumedRecord> {
 public:
  explicit PickyBolt(std::string poison) : poison_(std::move(poison)) {}
  void execute(const ConsumedRecord& in) override {
    if (in->key == poison_) throw std::runtime_error("cannot make anything of device " + poison_);
    out.emit(in);
  }

 private:
  std::string poison_;
};

/// Waits at one message until it is let go.
class HangingBolt final : public Bolt<ConsumedRecord> {
 public:
  HangingBolt(Reached& reached, std::int64_t at, std::shared_future<void> let_go)
      : reached_(reached), at_(at), let_go_(std::move(let_go)) {}
  void execute(const ConsumedRecord& in) override {
    if (in.position.partition == 0 && in.position.offset == at_) let_go_.wait();
    reached_.add(in.position);
  }

 private:
  Reached& reached_;
  std::int64_t at_;
  std::shared_future<void> let_go_;
};

}  // namespace

TEST_CASE(
    "faults: one device in a thousand throws; its messages end as dead letters, no others do") {
  constexpr std::uint64_t kDevices = 1'000;
  constexpr std::uint64_t kOfEach = 20;
  constexpr std::uint64_t kPoison = 777;
  Plant plant;
  plant.add_topic("reports");
  for (std::uint64_t n = 0; n < kDevices * kOfEach; ++n)
    plant.broker.append("reports", report_record(n % kDevices, n));

  Reached reached;
  RecordSpoutOptions spout;
  spout.commit_every = 20ms;
  spout.retry.attempts = 3;
  spout.retry.first_backoff = fault_time() / 3;  // so that the last attempt is after this time
  TopologyBuilder builder{"picky"};
  auto records = builder.spout("records", [&] {
    return RecordSpout<ConsumedRecord>{plant.connect("reports"), spout};
  });
  auto picky =
      builder.bolt("picky", [] { return PickyBolt{std::to_string(kPoison)}; }, {.tasks = 2})
          .fields(records, [](const ConsumedRecord& in) { return *in->key; });
  builder.bolt("sink", [&] { return NoteBolt{reached}; }).shuffle(picky);
  const auto running = start(builder.build(), plant.engine());

  constexpr std::uint64_t kGood = (kDevices - 1) * kOfEach;
  REQUIRE(wait_until([&] { return reached.distinct() == kGood; }));
  CHECK(plant.letters("reports") == 0);  // nobody waited for what is tried again
  REQUIRE(wait_until([&] { return plant.is_committed("reports"); }));

  CHECK(reached.distinct() == kGood);
  CHECK_FALSE(reached.has_repeats());
  const auto letters = plant.broker.records("reports.dlq");
  REQUIRE(letters.size() == kOfEach);
  for (const auto& letter : letters) {
    CHECK(letter.record.key == std::to_string(kPoison));
    CHECK(header_of(letter.record, "bora.dlq.kind") == "error");
    CHECK(header_of(letter.record, "bora.dlq.component") == "picky");
    CHECK(header_of(letter.record, "bora.dlq.attempts") == "3");
    CHECK(header_of(letter.record, "bora.dlq.reason") == "cannot make anything of device 777");
  }
  CHECK(sum_of(*running, "records", &TaskMetricsSnapshot::acked) == kGood);
  CHECK(sum_of(*running, "records", &TaskMetricsSnapshot::failed) == 3 * kOfEach);
  CHECK_THAT(plant.events.all(), Catch::Contains("picky[") && Catch::Contains("device 777") &&
                                     Catch::Contains("message "));
  CHECK(running->stop(10s).drained);
}

TEST_CASE(
    "faults: an archive that is down loses nothing, fills nothing, and is used when it is back") {
  constexpr std::uint64_t kReports = 40'000;
  constexpr std::size_t kMaxHeld = 4'096;
  Plant plant;
  plant.add_topic("reports");
  MemoryArchive archive;
  raw::RawOptions options;
  options.topic = "reports";
  options.max_in_flight = 2'048;
  options.spout.commit_every = 20ms;
  options.spout.max_held = kMaxHeld;
  options.spout.retry.attempts = 2;  // an outage uses up none
  options.spout.retry.max_outage_backoff = 200ms;
  EngineOptions engine = plant.engine();
  engine.max_in_flight_bytes = 1u << 20;
  const auto running = start(
      raw::make_topology(options, {.connections = plant.connect("reports"),
                                   .archive = [&]() -> raw::ArchiveWriter& { return archive; }}),
      engine);
  std::uint64_t appended = 0;
  const auto append_until = [&](std::uint64_t n) {
    for (; appended < n; ++appended)
      plant.broker.append("reports", report_record(appended % 100, appended));
  };
  append_until(kReports / 4);
  REQUIRE(wait_until([&] { return archive.size() > 1'000; }));

  archive.go_away();
  const auto back_at = std::chrono::steady_clock::now() + fault_time();
  std::size_t most_bytes = 0;
  std::uint64_t most_taken = 0;
  while (std::chrono::steady_clock::now() < back_at) {
    append_until(std::min(appended + 100, kReports / 2));  // gateways do not wait
    most_bytes = std::max(most_bytes, running->metrics().bytes_in_flight);
    most_taken = std::max<std::uint64_t>(most_taken, plant.taken - archive.size());
    std::this_thread::sleep_for(5ms);
  }
  CHECK(most_bytes <= engine.max_in_flight_bytes);
  CHECK(most_taken > 0);
  CHECK(most_taken <= kMaxHeld + options.spout.poll_records);
  CHECK(archive.size() < kReports / 2);
  CHECK_THAT(plant.events.all(), Catch::Contains("archive[0]: ") &&
                                     Catch::Contains("the archive of this test is away"));

  archive.come_back();
  append_until(kReports);
  REQUIRE(wait_until([&] { return plant.is_committed("reports"); }));
  CHECK(archive.size() == kReports);
  CHECK(plant.letters("reports") == 0);
  CHECK(running->stop(10s).drained);
}

TEST_CASE("faults: a bolt that hangs is named, and stops no other branch") {
  constexpr std::uint64_t kReports = 30'000;
  // Of the first batch, 64 records: those before it in others would be overdue, and named, sooner.
  constexpr std::int64_t kHangsAt = 50;
  Plant plant;
  plant.add_topic("left");
  plant.add_topic("right");
  for (std::uint64_t n = 0; n < kReports; ++n)
    plant.broker.append("left", report_record(n % 100, n));

  Reached through_hanging, through_neighbour, through_right;
  std::promise<void> let_go;
  const std::shared_future<void> released = let_go.get_future().share();
  RecordSpoutOptions spout;
  spout.commit_every = 20ms;
  spout.retry.first_backoff = 100ms;
  EngineOptions engine = plant.engine();
  engine.message_timeout = 2s;  // longer than it takes to be called stuck
  engine.max_in_flight_bytes = 4u << 20;
  TopologyBuilder builder{"branches"};
  const auto spout_of = [&](const std::string& topic) {
    return [&, topic] { return RecordSpout<ConsumedRecord>{plant.connect(topic), spout}; };
  };
  auto left = builder.spout("left", spout_of("left"));
  auto right = builder.spout("right", spout_of("right"));
  builder.bolt("hangs",
               [&] {
                 return HangingBolt{through_hanging, kHangsAt, released};
               })
      .shuffle(left);
  builder.bolt("neighbour", [&] { return NoteBolt{through_neighbour}; }).shuffle(left);
  builder.bolt("works", [&] { return NoteBolt{through_right}; }).shuffle(right);
  const auto running = start(builder.build(), engine);

  // It hangs, and everybody may know who, since when, and at which message.
  const auto names_it = [&] {
    const MetricsSnapshot seen = running->metrics();
    const bool is_stuck = std::any_of(seen.stuck.begin(), seen.stuck.end(),
                                      [](const auto& one) { return one.first == "hangs[0]"; });
    const bool is_oldest = std::any_of(
        seen.oldest.begin(), seen.oldest.end(),
        [](const OldestInFlight& one) { return one.spout == "left" && one.component == "hangs"; });
    return is_stuck && is_oldest;
  };
  const auto began = std::chrono::steady_clock::now();
  CHECK(wait_until(names_it));
  CHECK(wait_until([&] { return !plant.events.all().empty(); }));
  CHECK_THAT(plant.events.all(), Catch::StartsWith("left[0]: message left/0/50 expired after ") &&
                                     Catch::Contains(", executing in hangs[0] for "));

  // Meanwhile the other branch takes all it is given, and memory stays where it was capped.
  std::size_t most_bytes = 0;
  std::uint64_t appended = 0;
  while (std::chrono::steady_clock::now() < began + fault_time() || appended < kReports) {
    for (int i = 0; i < 500 && appended < kReports; ++i, ++appended)
      plant.broker.append("right", report_record(appended % 100, appended));
    most_bytes = std::max(most_bytes, running->metrics().bytes_in_flight);
    std::this_thread::sleep_for(2ms);
  }
  CHECK(wait_until([&] { return through_right.distinct() == kReports; }));
  CHECK(most_bytes <= engine.max_in_flight_bytes);
  CHECK_FALSE(through_hanging.has(0, kHangsAt));
  // The neighbour that shares the spout has had whatever the spout emitted.
  CHECK(through_neighbour.distinct() >= through_hanging.distinct());
  CHECK(through_neighbour.has(0, kHangsAt));

  let_go.set_value();
  REQUIRE(wait_until([&] { return plant.is_committed("left") && plant.is_committed("right"); }));
  CHECK(through_neighbour.distinct() == kReports);
  // Nothing is lost: through the bolt, or among the dead letters with its name.
  std::set<std::pair<std::string, std::string>> given_up;
  for (const auto& letter : plant.broker.records("left.dlq")) {
    CHECK(header_of(letter.record, "bora.dlq.kind") == "expired");
    CHECK(header_of(letter.record, "bora.dlq.component") == "hangs");
    given_up.emplace(header_of(letter.record, "bora.dlq.partition"),
                     header_of(letter.record, "bora.dlq.offset"));
  }
  std::size_t missing = 0;
  for (std::uint32_t p = 0; p < kPartitions; ++p)
    for (const auto& stored : plant.broker.records("left", p))
      if (!through_hanging.has(p, stored.offset) &&
          given_up.count({std::to_string(p), std::to_string(stored.offset)}) == 0)
        ++missing;
  CHECK(missing == 0);
  CHECK(plant.letters("right") == 0);
  CHECK(running->stop(10s).drained);
}
