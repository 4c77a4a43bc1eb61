// `raw` and a producer of ours while brokers go away: nothing is lost, and nobody has to help.
// By hand, longer, also with three brokers: scripts/kafka-fault-test.

#include <chrono>
#include <functional>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "services/raw_group.hpp"
#include "services/report_producer.hpp"
#include "support/services.hpp"

using namespace bora;
using namespace bora::services;
using namespace std::chrono_literals;
using testing::ServerEvent;

namespace {

using SteadyTime = std::chrono::steady_clock::time_point;

constexpr std::uint32_t kPerSecond = 500;
constexpr std::chrono::seconds kPatience{90};

double seconds_since(SteadyTime begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

/// The broker that a test takes away, and gives back to the next test whatever happens.
class Broker {
 public:
  explicit Broker(std::string instance) : instance_(std::move(instance)) {}
  ~Broker() {
    try {
      if (is_away_) start();
    } catch (const std::exception& error) {
      WARN(error.what());
    }
  }
  Broker(const Broker&) = delete;
  Broker& operator=(const Broker&) = delete;

  void kill() { take_away(ServerEvent::kKill); }
  void stop() { take_away(ServerEvent::kStop); }
  /// Returns when it answers.
  void start() {
    make_happen(ServerEvent::kStart, instance_);
    is_away_ = false;
  }

 private:
  void take_away(ServerEvent how) {
    make_happen(how, instance_);
    is_away_ = true;
  }
  const std::string instance_;
  bool is_away_ = false;
};

struct World {
  World(std::string brokers, std::uint32_t replication)
      : group(
            {.brokers = brokers,
             .replication = replication,
             // A member that lost its group by the outage comes back when its old self has expired.
             .settings = {"kafka.session.timeout.ms=8000", "kafka.heartbeat.interval.ms=1000"}}),
        producer(std::move(brokers), group.topic(), kPerSecond) {
    group.start(0);
    const bool is_ready = group.program(0).wait_for("\"message\":\"ready\"", 30s);
    INFO(group.program(0).output());
    REQUIRE(is_ready);
    REQUIRE(keeps_up());
  }

  /// Waits until everything that is in the topic now is committed. False when that takes too long.
  bool keeps_up() {
    std::vector<std::int64_t> ends;
    const SteadyTime begin = std::chrono::steady_clock::now();
    while (seconds_since(begin) < std::chrono::duration<double>(kPatience).count()) {
      if (ends.empty()) ends = group.ends();
      const auto committed = group.committed();
      pauses.look(committed, ends);
      bool is_through = !ends.empty() && committed.size() == ends.size() && producer.appended() > 0;
      for (std::size_t p = 0; is_through && p < ends.size(); ++p)
        is_through = committed[p] >= ends[p];
      if (is_through) return true;
      std::this_thread::sleep_for(100ms);
    }
    return false;
  }
  /// Says how long that takes, from now on.
  void recover(const std::string& after) {
    const SteadyTime begin = std::chrono::steady_clock::now();
    CHECK(keeps_up());
    std::cout << after << ": all that was in the topic is archived and committed after "
              << seconds_since(begin) << " s\n";
  }
  /// Ends producer and group; everything that the topic holds must be in the archive.
  void account() {
    CHECK(producer.finish(kPatience));
    REQUIRE(keeps_up());
    CHECK(group.program(0).wait(0ms) == std::nullopt);  // it never ended
    CHECK(group.stop(0) == 0);
    const RawGroup::Archived archived = group.archived();
    CHECK(missing_below(group.ends(), archived) == 0);
    std::size_t lost = 0;  // acknowledged, and not archived
    for (const auto& [partition, offset] : producer.acknowledged())
      if (archived.offsets.at(partition).count(offset) == 0) ++lost;
    CHECK(lost == 0);
    CHECK(producer.acknowledged().size() == producer.appended());
    std::cout << producer.appended() << " records, " << producer.failed()
              << " deliveries brought again, " << archived.as_a_set
              << " archived; longest time without an acknowledgement "
              << std::chrono::duration<double>(producer.longest_silence()).count() << " s\n";
    pauses.print(std::cout);
  }

  RawGroup group;
  ReportProducer producer;
  Pauses pauses;
};

std::chrono::seconds down_time() { return std::chrono::seconds{from_environment("BORA_DOWN", 8)}; }

}  // namespace

TEST_CASE("the only broker is restarted, then killed for a while: nothing is lost") {
  Broker broker{"kafka"};
  World world{testing::kafka_brokers(), 1};
  broker.stop();
  broker.start();
  world.recover("broker restarted");

  broker.kill();
  std::this_thread::sleep_for(down_time());
  const std::string said = world.group.program(0).output();
  broker.start();
  world.recover("broker back after " + std::to_string(down_time().count()) + " s");
  INFO(said);
  CHECK(said.find(testing::kafka_brokers()) != std::string::npos);  // it says who is away
  world.account();
}

// Hidden: needs `scripts/services up kafka3`.
TEST_CASE("one broker of three is lost: the flow goes on without it, and nothing is lost",
          "[.kafka3]") {
  Broker broker{"kafka3-1"};
  World world{testing::kafka3_brokers(), 3};
  broker.kill();
  world.recover("one of three brokers lost");
  std::this_thread::sleep_for(down_time());
  world.recover("without it for " + std::to_string(down_time().count()) + " s");
  broker.start();
  world.recover("it is back");
  world.account();
}
