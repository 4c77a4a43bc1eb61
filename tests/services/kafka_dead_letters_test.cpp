// Poison records on a real broker: to the dead letters after the configured attempts, while the rest
// flows; and back after a fix.

#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <unistd.h>
#include <utility>
#include <variant>
#include <vector>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "bora/bolt.hpp"
#include "bora/check.hpp"
#include "bora/running_topology.hpp"
#include "bora/topology.hpp"
#include "host/control_routes.hpp"
#include "spouts/dead_letter.hpp"
#include "spouts/record_spout.hpp"
#include "support/services.hpp"
#include "topologies/parts/dead_letter_replay.hpp"
#include "topologies/parts/dead_letters_part.hpp"
#include "topologies/parts/kafka_part.hpp"
#include "topologies/parts/kafka_topic_tools.hpp"

using namespace bora;
using namespace std::chrono_literals;

namespace {

constexpr std::uint32_t kPartitions = 4;
constexpr std::uint32_t kAttempts = 3;
constexpr int kRecords = 400;

/// What was processed, and how often poison was tried. Threads: thread-safe.
class Ledger {
 public:
  void process(const Record& record) {
    const std::lock_guard lock{mutex_};
    if (record.value.starts_with("poison") && !is_fixed_) {
      ++tries_[record.value];
      throw std::runtime_error("cannot stomach " + record.value);
    }
    done_.insert(record.value);
  }
  void fix() {
    const std::lock_guard lock{mutex_};
    is_fixed_ = true;
  }
  [[nodiscard]] std::size_t done() const {
    const std::lock_guard lock{mutex_};
    return done_.size();
  }
  [[nodiscard]] std::map<std::string, std::uint32_t> tries() const {
    const std::lock_guard lock{mutex_};
    return tries_;
  }

 private:
  mutable std::mutex mutex_;
  bool is_fixed_ = false;
  std::set<std::string> done_;
  std::map<std::string, std::uint32_t> tries_;
};

class ProcessBolt final : public Bolt<ConsumedRecord> {
 public:
  explicit ProcessBolt(Ledger& ledger) : ledger_(ledger) {}
  void execute(const ConsumedRecord& in) override { ledger_.process(*in); }

 private:
  Ledger& ledger_;
};

struct Fixture {
  Fixture() {
    static int made_so_far = 0;
    topic += "-" + std::to_string(made_so_far++);
    letters = dead_letter_topic(topic);
    auto made = parts::KafkaTopicTools::make(options);
    BORA_CHECK(made.is_ok(), "no admin client");
    tools = *std::move(made);
    must(tools->create({.name = topic, .partitions = kPartitions}));
    must(tools->create({.name = letters, .partitions = 1}));
    part = std::make_unique<parts::KafkaPart>(
        parts::KafkaPart::Options{.kafka = options, .required = {{.name = topic}}}, clock);
    must(part->start());
  }
  static void must(const Status& status) { BORA_CHECK(status.is_ok(), status.message()); }

  /// Records, each tenth of them poison, so that each partition has some.
  void produce() {
    const auto sink = part->sinks()(0);
    for (int n = 0; n < kRecords; ++n) {
      Record record;
      record.key = std::to_string(n);
      record.value = (n % 10 == 0 ? "poison " : "food ") + std::to_string(n);
      must(sink->append(topic, std::move(record), static_cast<std::uint64_t>(n)));
    }
    must(sink->flush(20s));
  }
  [[nodiscard]] std::unique_ptr<RunningTopology> run() {
    TopologyBuilder builder{"eater"};
    RecordSpoutOptions spout;
    spout.commit_every = 50ms;
    spout.retry.attempts = kAttempts;
    spout.retry.first_backoff = 100ms;
    auto records = builder.spout("records", [this, spout] {
      return RecordSpout<ConsumedRecord>{part->connections(topic, "eaters"), spout};
    });
    builder.bolt("eat", [this] { return ProcessBolt{ledger}; }).shuffle(records);
    auto topology = builder.build();
    must(topology.status());
    auto running = RunningTopology::start(*std::move(topology));
    must(running.status());
    return *std::move(running);
  }
  template <class IsSo>
  static bool wait_until(IsSo is_so) {
    const auto deadline = std::chrono::steady_clock::now() + 40s;
    while (!is_so()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      std::this_thread::sleep_for(10ms);
    }
    return true;
  }
  Result<parts::ReplayedLetters> replay() {
    const auto source = part->connections(letters, letters + ".replay").source(0);
    const auto sink = part->sinks()(0);
    return parts::replay_letters(
        {.ends = tools->ends(letters).value(), .fallback_topic = topic},
        {.letters = *source,
         .sink = *sink,
         .clock = clock,
         .wait = [](std::chrono::nanoseconds time) { std::this_thread::sleep_for(time); },
         .is_stopping = [] { return false; },
         .on_progress = [](const parts::ReplayedLetters&) {}});
  }

  SystemClock clock;
  kafka::KafkaOptions options{.brokers = testing::kafka_brokers()};
  std::string topic = "poison-" + std::to_string(::getpid());
  std::string letters;
  Ledger ledger;
  std::unique_ptr<parts::KafkaTopicTools> tools;
  std::unique_ptr<parts::KafkaPart> part;
};

}  // namespace

TEST_CASE_METHOD(Fixture,
                 "poison in every partition goes to the dead letters after its attempts while the "
                 "rest flows, and comes back after a fix") {
  constexpr std::size_t kPoison = kRecords / 10;
  produce();
  auto running = run();
  REQUIRE(wait_until([&] { return ledger.done() == kRecords - kPoison; }));
  REQUIRE(wait_until([&] { return tools->lag(letters, "nobody").value() == kPoison; }));
  for (const auto& [value, tries] : ledger.tries())
    CHECK(tries >= kAttempts);
  CHECK(ledger.tries().size() == kPoison);
  // The offset of a poison record is committed only once its letter is there.
  REQUIRE(wait_until([&] { return tools->lag(topic, "eaters").value() == 0; }));

  const auto source = part->table(letters)();
  struct Listener final : AssignmentListener {
    void on_assigned(std::uint32_t, std::uint32_t, std::int64_t) override {}
    void on_revoked(std::uint32_t, std::uint32_t, Leave) override {}
  } listener;
  REQUIRE(source->open(listener, [] {}));
  std::vector<SourceRecord> read;
  REQUIRE(wait_until([&] {
    CHECK(source->poll(1'000, read));
    return read.size() == kPoison;
  }));
  source->close();
  std::set<std::string> partitions;
  for (const SourceRecord& letter : read) {
    for (const RecordHeader& header : letter.record.headers) {
      if (header.key == "bora.dlq.attempts") CHECK(header.value == std::to_string(kAttempts));
      if (header.key == "bora.dlq.partition") partitions.insert(header.value);
    }
  }
  CHECK(partitions.size() == kPartitions);

  ledger.fix();
  CHECK(tools->lag(letters, letters + ".replay").value() == kPoison);
  const auto replayed = replay();
  REQUIRE(replayed);
  CHECK(replayed->replayed == kPoison);
  REQUIRE(wait_until([&] { return ledger.done() == kRecords; }));
  CHECK(tools->lag(letters, letters + ".replay").value() == 0);
  const auto again = replay();  // marked: nothing is replayed twice
  REQUIRE(again);
  CHECK(again->replayed == 0);
  running->stop(10s);
}

namespace {

/// The routes of dead letters of a process with topics in Kafka, behind a prefix. Its topology works in
/// transactions, of which a replay is no part.
struct Desk : Fixture {
  Desk() {
    must(tools->create({.name = prefix + "in", .partitions = kPartitions}));
    must(tools->create({.name = prefix + "in.dlq", .partitions = 2}));
    prefixed = std::make_unique<parts::KafkaPart>(
        parts::KafkaPart::Options{.kafka = options,
                                  .required = {},
                                  .delivery = parts::Delivery::kExactlyOnce,
                                  .prefix = prefix},
        clock);
    must(prefixed->start());
    letters_part = std::make_unique<parts::DeadLettersPart>(std::vector<std::string>{"in", "never"},
                                                            *prefixed, clock);
    must(letters_part->start());
    host::ControlRoutes made;
    letters_part->add_routes(made);
    routes = std::move(made).take();
  }
  ~Desk() { letters_part->stop(0s); }

  void fail(int from, int to) {
    const auto sink = prefixed->connections_beside("in", "nobody").dead_letters(0);
    for (int n = from; n < to; ++n) {
      DeadLetterContext context;
      context.topic = "in";
      context.reason = "no " + std::to_string(n);
      context.failed_at = from_millis(1'466'380'800'000 + n);
      Record original;
      original.key = std::to_string(n);
      original.value = R"({"token":"B12F"})";
      must(sink->append("in.dlq", dead_letter(original, context), static_cast<std::uint64_t>(n)));
    }
    must(sink->flush(20s));
  }
  http::Response call(http::Method method, const std::string& path,
                      const std::string& query = "") const {
    http::Request request;
    request.parameters = {{"topic", "in"}};
    request.query = query;
    for (const host::ControlRoute& route : routes)
      if (route.method == method && route.path == path)
        return std::get<http::Server::Handler>(route.handler)(request);
    FAIL("no route " << path);
    return {};
  }
  nlohmann::json get(const std::string& path, const std::string& query = "") const {
    return nlohmann::json::parse(call(http::Method::kGet, path, query).body);
  }
  /// Replays, once the replay before it is through.
  http::Response replay_by_route() const {
    http::Response answer;
    wait_until([&] {
      answer = call(http::Method::kPost, "/api/v1/dead-letters/{topic}/replay");
      return answer.status != 409;
    });
    return answer;
  }
  bool has_nothing_waiting() const {
    return wait_until([&] { return get("/api/v1/dead-letters")["topics"][0]["waiting"] == 0; });
  }

  std::string prefix = "desk-" + std::to_string(::getpid()) + ".";
  std::unique_ptr<parts::KafkaPart> prefixed;
  std::unique_ptr<parts::DeadLettersPart> letters_part;
  std::vector<host::ControlRoute> routes;
};

}  // namespace

TEST_CASE_METHOD(Desk, "the page counts, shows and replays dead letters that are in Kafka") {
  fail(0, 30);
  CHECK(get("/api/v1/dead-letters") == nlohmann::json::parse(R"({"topics":[
    {"topic":"in","letters":30,"waiting":30},{"topic":"never","letters":0,"waiting":0}]})"));
  const nlohmann::json shown = get("/api/v1/dead-letters/{topic}", "limit=5")["letters"];
  REQUIRE(shown.size() == 5);
  for (std::size_t i = 0; i < shown.size(); ++i)
    CHECK(shown[i]["headers"]["bora.dlq.reason"] == "no " + std::to_string(29 - i));
  CHECK(nlohmann::json::parse(shown[0]["value"].get<std::string>())["token"] == "***");

  CHECK(replay_by_route().status == 202);
  CHECK(has_nothing_waiting());
  CHECK(tools->lag(prefix + "in", "nobody").value() == 30);
  fail(30, 33);
  CHECK(replay_by_route().status == 202);
  CHECK(has_nothing_waiting());
  CHECK(tools->lag(prefix + "in", "nobody").value() == 33);
}

TEST_CASE("brokers that are away are waited for a moment, and then not by every request") {
  const SystemClock clock;
  parts::KafkaPart topics{{.kafka = {.brokers = "127.0.0.1:1"}, .required = {}}, clock};
  parts::DeadLettersPart part{{"in"}, topics, clock};
  host::ControlRoutes made;
  part.add_routes(made);
  const auto routes = std::move(made).take();
  const auto& list = std::get<http::Server::Handler>(routes.at(0).handler);
  CHECK(list({}).status == 503);
  // Not asked again at once: many of these take no longer than one.
  for (int n = 0; n < 100; ++n)
    CHECK(list({}).status == 503);
  part.stop(0s);
}

TEST_CASE_METHOD(Fixture, "a process whose topics are missing or different says what to run") {
  parts::KafkaPart missing{
      {.kafka = options, .required = {{.name = topic}, {.name = "not-" + topic}}, .program = "raw"},
      clock};
  const Status status = missing.start();
  CHECK(status.error().kind == ErrorKind::kNotFound);
  CHECK_THAT(std::string{status.message()}, Catch::Contains("topic not-" + topic + " is missing") &&
                                                Catch::Contains("`raw topics create`"));
  parts::KafkaPart different{
      {.kafka = options,
       .required = {{.name = topic, .cleanup = parts::TopicPlan::Cleanup::kCompact}}},
      clock};
  CHECK_THAT(std::string{different.start().message()},
             Catch::Contains("cleanup is delete, not compact"));
}
