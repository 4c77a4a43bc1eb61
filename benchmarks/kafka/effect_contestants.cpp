#include <chrono>
#include <map>
#include <string>
#include <unistd.h>
#include <utility>

#include "benchmarks/kafka/bare_client.hpp"
#include "benchmarks/kafka/contestants.hpp"
#include "benchmarks/kafka/metered.hpp"
#include "benchmarks/kafka/topology_run.hpp"
#include "benchmarks/pipeline/raw_archive.hpp"
#include "bora/check.hpp"
#include "connectors/redis/options.hpp"
#include "connectors/redis/stats.hpp"
#include "topologies/alerts/topology.hpp"
#include "topologies/coldchain/codec.hpp"
#include "topologies/coldchain/state/embedded_state.hpp"
#include "topologies/coldchain/state/redis_state.hpp"
#include "topologies/datapoints/rocks_series.hpp"
#include "topologies/datapoints/topology.hpp"
#include "topologies/thresholds/topology.hpp"

namespace bora::bench {

namespace {

using namespace std::chrono_literals;
using Topics = std::shared_ptr<BenchTopics>;
using Connect = std::function<std::unique_ptr<coldchain::SharedState>()>;

constexpr std::uint64_t kMostReadings = 500'000;
constexpr std::uint64_t kOneInHot = 256;  // devices
constexpr auto kCommitEvery = 50ms;       // what is done is seen by it
constexpr auto kWindow = 500ms;           // the last one is waited for

/// Records are done when a commit covers them. Partitions begin at offset 0 and have no gaps.
class CommitMeteredSource final : public RecordSource {
 public:
  CommitMeteredSource(std::unique_ptr<RecordSource> inner, Meter& meter)
      : inner_(std::move(inner)), meter_(meter) {}

  [[nodiscard]] std::string_view topic() const noexcept override { return inner_->topic(); }
  Status open(AssignmentListener& listener, std::function<void()> wake) override {
    return inner_->open(listener, std::move(wake));
  }
  Result<std::size_t> poll(std::size_t max, std::vector<SourceRecord>& out) override {
    return inner_->poll(max, out);
  }
  void pause() override { inner_->pause(); }
  void resume() override { inner_->resume(); }
  Status commit(std::span<const CommitRequest> requests) override {
    Status done = inner_->commit(requests);
    if (!done) return done;
    for (const CommitRequest& each : requests) {
      std::int64_t& before = committed_[each.partition];
      meter_.done(static_cast<std::uint64_t>(each.next_offset - before));
      before = each.next_offset;
    }
    return done;
  }
  [[nodiscard]] std::optional<std::uint64_t> lag() const override { return inner_->lag(); }
  void close() override { inner_->close(); }

 private:
  std::unique_ptr<RecordSource> inner_;
  Meter& meter_;
  std::map<std::uint32_t, std::int64_t> committed_;
};

/// Tells nobody, at once.
class NoNotifier final : public notify::Notifier {
 public:
  [[nodiscard]] bool has_room() const override { return told_.empty(); }
  Status send(notify::Notification, Tag tag) override {
    told_.push_back({tag, {}});
    return {};
  }
  std::size_t poll(std::vector<Outcome>& out) override {
    const std::size_t count = told_.size();
    out.insert(out.end(), told_.begin(), told_.end());
    told_.clear();
    return count;
  }
  void flush(std::chrono::milliseconds) override {}
  void on_outcome(std::function<void()>) override {}

 private:
  std::vector<Outcome> told_;
};

/// Takes everything and keeps nothing.
class NoSink final : public RecordSink {
 public:
  Status append(std::string_view, Record, Tag tag) override {
    taken_.push_back({tag, {}});
    return {};
  }
  std::size_t poll(std::vector<Delivery>& out) override {
    const std::size_t count = taken_.size();
    out.insert(out.end(), taken_.begin(), taken_.end());
    taken_.clear();
    return count;
  }
  Status flush(std::chrono::milliseconds) override { return {}; }
  void on_delivery(std::function<void()>) override {}

 private:
  std::vector<Delivery> taken_;
};

/// What the topologies work on beside Kafka and their state: made anew for each run.
struct World {
  World(BenchTopics& topics, const Load& load, Stopwatch& watch)
      : meter(load.tuples, watch),
        connections(connections_to(topics, topics.readings(load.tuples), clock, meter)) {
    connections.source = [source = connections.source, this](std::uint32_t task) {
      return std::make_unique<CommitMeteredSource>(source(task), meter);
    };
    for (std::uint64_t device = 1; device <= BenchTopics::kDevices; ++device) {
      // No fridge is colder than the one limit, nor hotter than the other.
      const char* most = device % kOneInHot == 0 ? "-200" : "200";
      registry.apply(coldchain::DeviceEntry{.id = coldchain::DeviceId{device},
                                            .auth_hash = "x",
                                            .state = coldchain::State::kActive,
                                            .config = {{"maxTemperature", most}}});
    }
    registry.set_ready();
  }

  const SystemClock clock;
  Meter meter;
  RecordConnections connections;
  coldchain::RegistryView registry;
};

/// A topology's way to its state, and what that needs to live.
struct State {
  std::unique_ptr<BenchDirectory> directory;
  std::unique_ptr<coldchain::EmbeddedState> embedded;
  std::unique_ptr<redis::RedisStats> stats;
  Connect connect;
};

State embedded_state() {
  State state;
  state.directory = std::make_unique<BenchDirectory>();
  auto opened = coldchain::EmbeddedState::open({.path = state.directory->path()});
  BORA_CHECK(opened.is_ok(), opened.status().message());
  state.embedded = *std::move(opened);
  state.connect = [of = state.embedded.get()] { return of->connect(); };
  return state;
}

/// With a prefix that no run had before: what is left there is some hundred KB a run.
State redis_state(const std::string& address) {
  static int runs = 0;
  auto options = redis::parse_url("redis://" + address + "?prefix=bora-bench-" +
                                  std::to_string(::getpid()) + "-" + std::to_string(++runs) + ":");
  BORA_CHECK(options.is_ok(), options.status().message());
  State state;
  state.stats = std::make_unique<redis::RedisStats>();
  state.connect = [options = *std::move(options), stats = state.stats.get()] {
    return coldchain::connect_redis_state(options, *stats);
  };
  return state;
}

using MakeState = std::function<State()>;

/// Only that each is done, once: what the topologies write is not the same.
Outcome outcome_of(bool is_complete, std::uint64_t readings) {
  Outcome outcome;
  outcome.acks_complete = is_complete;
  for (std::uint64_t i = 0; i < readings; ++i)
    outcome.checksum.add_hash(1);
  return outcome;
}

Outcome run_thresholds(BenchTopics& topics, const MakeState& make_state, const Load& load,
                       Stopwatch& watch) {
  World world{topics, load, watch};
  const State state = make_state();
  thresholds::ThresholdsOptions options;
  options.spout.commit_every = kCommitEvery;
  const bool done = run_until_done(
      thresholds::make_topology(
          options,
          {.connections = world.connections,
           .registry = [&]() -> const coldchain::RegistryView& { return world.registry; },
           .state = state.connect,
           .notifier = [](const Clock&, std::uint32_t) { return std::make_unique<NoNotifier>(); },
           .sinks = [](std::uint32_t) { return std::make_unique<NoSink>(); }}),
      world.meter);
  return outcome_of(done, load.tuples);
}

Outcome run_alerts(BenchTopics& topics, const MakeState& make_state, const Load& load,
                   Stopwatch& watch) {
  World world{topics, load, watch};
  const State state = make_state();
  alerts::AlertsOptions options;
  options.spout.commit_every = kCommitEvery;
  const bool done = run_until_done(
      alerts::make_topology(
          options,
          {.connections = world.connections,
           .registry = [&]() -> const coldchain::RegistryView& { return world.registry; },
           .state = state.connect,
           .notifier = [](const Clock&, std::uint32_t) { return std::make_unique<NoNotifier>(); },
           .sinks = [](std::uint32_t) { return std::make_unique<NoSink>(); },
           .clock = world.clock}),
      world.meter);
  return outcome_of(done, load.tuples);
}

Outcome run_datapoints(BenchTopics& topics, const Load& load, Stopwatch& watch) {
  World world{topics, load, watch};
  const BenchDirectory directory;
  auto opened = datapoints::RocksSeries::open({.path = directory.path()}, world.clock);
  BORA_CHECK(opened.is_ok(), opened.status().message());
  const std::shared_ptr<coldchain::SeriesWriter> store = *std::move(opened);
  datapoints::DatapointsOptions options;
  options.window = kWindow;
  options.spout.commit_every = kCommitEvery;
  const bool done = run_until_done(
      datapoints::make_topology(
          options, {.connections = world.connections, .writer = [store] { return store; }}),
      world.meter);
  return outcome_of(done, load.tuples);
}

Outcome run_hand(BenchTopics& topics, const Load& load, Stopwatch& watch) {
  BareConsumer consumer{topics.brokers(), topics.readings(load.tuples), kPartitions};
  Meter meter{load.tuples, watch};
  std::uint64_t readings = 0;
  while (readings < load.tuples) {
    const auto messages = consumer.next();
    if (messages.empty()) continue;
    meter.begin();
    const std::uint64_t before = readings;
    for (const rd_kafka_message_t* message : messages)
      if (coldchain::parse_reading(value_of(*message))) ++readings;
    meter.done(readings - before);
  }
  return outcome_of(true, readings);
}

}  // namespace

void add_effects(Suites& suites, const Topics& topics, const std::string& redis) {
  Suite& suite = suites.add({.name = "kafka-effects",
                             .about = "readings of 1,024 devices from Kafka through thresholds, "
                                      "alerts and datapoints, until they are committed"});
  suite.most_tuples = kMostReadings;
  const auto add = [&](const char* name, auto run) {
    suite.contestants.push_back(
        {name,
         [=](const Load& load, Stopwatch& watch) { return run(*topics, load, watch); },
         {"hand"}});
  };
  suite.contestants.push_back(
      {"hand", [=](const Load& load, Stopwatch& watch) { return run_hand(*topics, load, watch); }});
  const auto add_both = [&](const char* embedded, const char* shared, auto run) {
    add(embedded, [run](BenchTopics& of, const Load& load, Stopwatch& watch) {
      return run(of, embedded_state, load, watch);
    });
    if (redis.empty()) return;
    add(shared, [run, redis](BenchTopics& of, const Load& load, Stopwatch& watch) {
      return run(
          of, [&] { return redis_state(redis); }, load, watch);
    });
  };
  add_both("thresholds", "thresholds.redis", run_thresholds);
  add_both("alerts", "alerts.redis", run_alerts);
  add("datapoints", run_datapoints);
}

}  // namespace bora::bench
