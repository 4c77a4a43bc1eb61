#include "services/effects_world.hpp"

#include <thread>

#include <catch2/catch.hpp>

#include "connectors/redis/options.hpp"
#include "connectors/redis/stats.hpp"
#include "support/services.hpp"
#include "topologies/coldchain/alert.hpp"
#include "topologies/coldchain/codec.hpp"
#include "topologies/coldchain/state/redis_state.hpp"

namespace bora::services {

using namespace std::chrono_literals;

std::uint64_t fresh_ids() { return static_cast<std::uint64_t>(to_millis(wall_now())) * 100'000; }

bool wait_until(const std::function<bool()>& is_so, std::chrono::seconds patience) {
  for (const auto deadline = std::chrono::steady_clock::now() + patience; !is_so();) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(10ms);
  }
  return true;
}

Record reading_of(const EffectsPlan& plan, std::size_t device, double temperature) {
  coldchain::Reading reading;
  reading.device_id = plan.cast().devices[device].id;
  reading.gateway_id = plan.cast().gateways[0].id;
  reading.temperature = temperature;
  reading.time = std::chrono::floor<std::chrono::milliseconds>(wall_now());
  reading.battery = 90;
  reading.received = reading.time;
  Record record;
  record.key = record_key(reading.device_id);
  coldchain::write_reading(reading, record.value);
  return record;
}

void age(coldchain::SharedState& state) {
  coldchain::LastSeen::Known known;
  REQUIRE(state.last_seen().find({}, wall_now() - 240h, known).message() == "");
}

Tally published_alerts(Chain& chain) {
  Tally published;
  for (const Record& record : chain.read("alerts")) {
    const auto alert = coldchain::parse_alert(record.value);
    REQUIRE(alert);
    ++published[alert_id(*alert)];
  }
  return published;
}

EffectsWorld::EffectsWorld(EffectsPlan::Options plan, const std::string& window)
    : plan_(plan, wall_now()),
      hook_(5ms),
      store_(bora::testing::kairosdb_url()),
      chain_({.series = "kairosdb+" + store_.url(),
              .state = redis_.url(),
              .notify = [this](const std::string& program) { return hook_.url(program); },
              .commit_every = "3s",
              .settings = {"topics.instance=only"},
              .window = window}) {
  redis::RedisStats stats;
  age(*coldchain::connect_redis_state(redis::parse_url(redis_.url()).value(), stats));
  for (const std::string& program : programs())
    REQUIRE(chain_.create_topics(program) == 0);
  REQUIRE(chain_.publish("registry", plan_.registry()));
  for (const std::string& program : programs())
    chain_.start(program);
  for (const std::string& program : programs())
    expect_ready(program);
}

const std::vector<std::string>& EffectsWorld::programs() {
  static const std::vector<std::string> programs{"alerts", "thresholds", "datapoints"};
  return programs;
}

void EffectsWorld::publish_next() {
  REQUIRE(chain_.publish("readings", plan_.next_part(wall_now())));
}

void EffectsWorld::publish(const std::vector<Record>& readings) {
  REQUIRE(chain_.publish("readings", readings));
}

void EffectsWorld::kill(const std::string& program) {
  chain_.kill(program);
  chain_.start(program);
  expect_ready(program);
}

void EffectsWorld::wait_until_done(std::chrono::seconds patience) {
  const auto is_told = [this] {
    return hook_.told("thresholds").size() >= plan_.of_thresholds().size() &&
           hook_.told("alerts").size() >= plan_.of_alerts().size();
  };
  const bool told = wait_until(is_told, patience);
  CHECK(wrong_subjects(plan_, plan_.of_thresholds(), hook_.told("thresholds")) == "");
  CHECK(wrong_subjects(plan_, plan_.of_alerts(), hook_.told("alerts")) == "");
  REQUIRE(told);
  for (const std::string& program : programs()) {
    const bool is_done = chain_.wait_until_done("readings", program, patience);
    INFO(program << ": " << chain_.log_of(program));
    REQUIRE(is_done);
  }
}

void EffectsWorld::stop() {
  for (const std::string& program : programs()) {
    INFO(program << ": " << chain_.log_of(program));
    CHECK(chain_.stop(program) == 0);
  }
}

void EffectsWorld::check_all() {
  Subjects expected = plan_.of_thresholds();
  expected.insert(plan_.of_alerts().begin(), plan_.of_alerts().end());
  const Tally published = published_alerts(chain_);
  CHECK(wrong_subjects(plan_, expected, published) == "");
  for (const std::string program : {"thresholds", "alerts"})
    for (const auto& [id, times] : hook_.told(program))
      if (published.count(id) == 0) FAIL_CHECK(id << " was told and not published");
  CHECK(chain_.read("alerts.dlq").empty());
  CHECK(chain_.read("readings.dlq").empty());
  // KairosDB shows what it took a moment later.
  Points found;
  static_cast<void>(wait_until([&] {
    found = Chain::kairos_points(plan_.cast());
    return found.size() >= plan_.points().size();
  }));
  CHECK(found == plan_.points());
}

void EffectsWorld::expect_ready(const std::string& program) {
  const bool is_ready = chain_.wait_until_ready(program);
  INFO(program << ": " << chain_.log_of(program));
  REQUIRE(is_ready);
}

}  // namespace bora::services
