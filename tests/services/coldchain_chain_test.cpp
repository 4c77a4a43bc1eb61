// From reports to readings, curves, alerts and notifications on real Kafka, each topology a process of
// its own. By hand, longer: BORA_REPORTS=200000 BORA_DEVICES=1000 BORA_GATEWAYS=20.

#include <chrono>
#include <cstdint>
#include <iostream>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "services/chain.hpp"
#include "services/chain_admin.hpp"
#include "services/chain_plan.hpp"
#include "services/raw_group.hpp"
#include "services/redis_server.hpp"
#include "support/services.hpp"
#include "topologies/coldchain/alert.hpp"
#include "topologies/coldchain/codec.hpp"

using namespace bora;
using namespace bora::coldchain;
using namespace bora::services;
using namespace std::chrono_literals;

namespace {

using Steady = std::chrono::steady_clock;

const std::vector<std::string> kTopologies{"authentication", "datapoints", "thresholds"};

/// Ids that no other run uses, also where stores are shared.
std::uint64_t fresh_ids() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(
             std::chrono::duration_cast<std::chrono::milliseconds>(now).count()) *
         100'000;
}

void begin(Chain& chain, const Cast& cast) {
  for (const std::string& program : kTopologies)
    REQUIRE(chain.create_topics(program) == 0);
  REQUIRE(chain.publish("registry", registry_records(cast)));
  for (const std::string& program : kTopologies)
    chain.start(program);
  for (const std::string& program : kTopologies) {
    INFO(program << ": " << chain.log_of(program));
    REQUIRE(chain.wait_until_ready(program));
  }
}

void end(Chain& chain) {
  for (const std::string& program : kTopologies) {
    INFO(program << ": " << chain.log_of(program));
    CHECK(chain.stop(program) == 0);
  }
}

/// How often each text may be found more than expected.
enum class Repeats { kNone, kAllowed };

/// Counts each at most as often as it is expected, if repeats are allowed, and how many are more.
std::uint64_t forgive_repeats(const Tally& expected, Tally& found) {
  std::uint64_t repeats = 0;
  for (auto& [what, times] : found) {
    const auto wanted = expected.find(what);
    if (wanted == expected.end() || times <= wanted->second) continue;
    repeats += times - wanted->second;
    times = wanted->second;
  }
  return repeats;
}

struct Repeated {
  std::uint64_t readings = 0;
  std::uint64_t rejected = 0;
  std::uint64_t dead = 0;
};

std::vector<Reading> check_readings(Chain& chain, const ChainPlan& plan, Repeats repeats,
                                    Repeated& repeated) {
  std::vector<Reading> readings;
  Tally found;
  std::uint64_t unlike = 0;  // what the wire format would not write
  for (const Record& record : chain.read("readings")) {
    const auto reading = parse_reading(record.value);
    REQUIRE(reading);
    std::string again;
    write_reading(*reading, again);
    if (again != record.value || record.key != record_key(reading->device_id)) ++unlike;
    ++found[reading_text(*reading)];
    readings.push_back(*reading);
  }
  CHECK(unlike == 0);
  if (repeats == Repeats::kAllowed) repeated.readings = forgive_repeats(plan.readings, found);
  CHECK(differences(plan.readings, found) == "");
  return readings;
}

void check_rejected(Chain& chain, const ChainPlan& plan, Repeats repeats, Repeated& repeated) {
  Tally found;
  std::uint64_t with_secret = 0;
  for (const Record& record : chain.read("reports.rejected")) {
    const auto reading = parse_reading(record.value);
    REQUIRE(reading);
    const auto json = nlohmann::json::parse(record.value);
    ++found[json.at("reason").get<std::string>() + ' ' + reading_text(*reading)];
    if (json.at("gateway").contains("token") || json.at("device").contains("auth")) ++with_secret;
    for (const std::string& secret : plan.secrets)
      if (record.value.find(secret) != std::string::npos) ++with_secret;
  }
  CHECK(with_secret == 0);
  if (repeats == Repeats::kAllowed) repeated.rejected = forgive_repeats(plan.rejected, found);
  CHECK(differences(plan.rejected, found) == "");
}

void check_dead_letters(Chain& chain, const ChainPlan& plan, Repeats repeats, Repeated& repeated) {
  Tally found;
  for (const Record& record : chain.read("reports.dlq")) {
    std::string reason = "none";
    for (const RecordHeader& header : record.headers)
      if (header.key == "bora.dlq.reason") reason = header.value.substr(0, header.value.find(':'));
    ++found[reason + ' ' + record.value];
  }
  if (repeats == Repeats::kAllowed) repeated.dead = forgive_repeats(plan.dead, found);
  CHECK(differences(plan.dead, found) == "");
}

void check_points(const Points& expected, const Points& found) {
  CHECK(found.size() == expected.size());
  std::uint64_t different = 0;
  for (const auto& [key, value] : expected) {
    const auto at = found.find(key);
    if (at == found.end() || at->second != value) ++different;
  }
  CHECK(different == 0);
}

/// Ids of what is in topic `alerts`, each of which must be there once if repeats are not allowed.
Tally check_alerts(Chain& chain, const Cast& cast, const std::vector<Reading>& readings,
                   Repeats repeats) {
  Tally found;
  Tally ids;
  for (const Record& record : chain.read("alerts")) {
    const auto alert = parse_alert(record.value);
    REQUIRE(alert);
    const std::string id = alert_id(*alert);
    ++found[id + ' ' + std::to_string(alert->value) + ' ' + std::to_string(alert->limit)];
    ids[id] = 1;
  }
  CHECK(!found.empty());
  CHECK(found.size() == ids.size());
  CHECK(broken_rules(cast, readings, found) == "");
  for (const auto& [alert, times] : found)
    if (repeats == Repeats::kNone && times != 1) FAIL_CHECK(alert << " stands there again");
  CHECK(chain.read("alerts.dlq").empty());
  return ids;
}

void check_logs(const Chain& chain, const ChainPlan& plan) {
  for (const std::string& program : kTopologies) {
    const std::string log = chain.log_of(program);
    std::uint64_t secrets = 0;
    for (const std::string& secret : plan.secrets)
      if (log.find(secret) != std::string::npos) ++secrets;
    INFO(program);
    CHECK(secrets == 0);
  }
}

struct Outcome {
  Tally alerts;  ///< Ids.
  Repeated repeated;
};

Outcome check_all(Chain& chain, const Cast& cast, const ChainPlan& plan, Repeats repeats) {
  Outcome outcome;
  const std::vector<Reading> readings = check_readings(chain, plan, repeats, outcome.repeated);
  check_rejected(chain, plan, repeats, outcome.repeated);
  check_dead_letters(chain, plan, repeats, outcome.repeated);
  CHECK(chain.read("readings.dlq").empty());
  outcome.alerts = check_alerts(chain, cast, readings, repeats);
  check_logs(chain, plan);
  return outcome;
}

void print(const ChainPlan& plan, const Outcome& outcome, Steady::duration took) {
  std::uint64_t readings = 0;
  for (const auto& [text, times] : plan.readings)
    readings += times;
  std::cout << plan.reports.size() << " records: " << readings << " readings, "
            << plan.points.size() << " points, " << outcome.alerts.size() << " alerts";
  for (const auto& [reason, times] : plan.reasons)
    std::cout << ", " << times << ' ' << reason;
  std::cout << "; done in " << std::chrono::duration<double>(took).count() << " s\n";
}

/// Reports of one device after another, each measured a second after the one before.
class Reporter {
 public:
  Reporter(DeviceIdentity device, GatewayIdentity gateway) : device_(device), gateway_(gateway) {}

  [[nodiscard]] Record next() {
    sent_.push_back(Steady::now());
    Record record;
    record.key = record_key(device_.id);
    write_report({.device_id = device_.id,
                  .gateway_id = gateway_.id,
                  .temperature = 4,
                  .time = from_millis(static_cast<std::int64_t>(sent_.size() - 1) * 1'000),
                  .battery = 50,
                  .device_secret = device_.secret,
                  .gateway_secret = gateway_.secret},
                 record.value);
    return record;
  }
  void changes_now() { changed_ = Steady::now(); }
  [[nodiscard]] DeviceId device() const noexcept { return device_.id; }
  void use(DeviceSecret secret) { device_.secret = secret; }
  /// When this report was sent, after the change.
  [[nodiscard]] double seconds_after_change(const Reading& reading) const {
    const auto n = static_cast<std::size_t>(to_millis(reading.time) / 1'000);
    return std::chrono::duration<double>(sent_.at(n) - changed_).count();
  }

 private:
  DeviceIdentity device_;
  GatewayIdentity gateway_;
  std::vector<Steady::time_point> sent_;
  Steady::time_point changed_;
};

std::vector<Reading> readings_of(Chain& chain, const std::string& topic, DeviceId device) {
  std::vector<Reading> readings;
  for (const Record& record : chain.read(topic)) {
    const auto reading = parse_reading(record.value);
    REQUIRE(reading);
    if (reading->device_id == device) readings.push_back(*reading);
  }
  return readings;
}

}  // namespace

TEST_CASE("of reports with every fault the good ones, and they alone, become readings and curves") {
  Chain chain{{}};
  REQUIRE(chain.create_topics("admin") == 0);
  ChainAdmin admin{chain};
  const Cast cast =
      admin.provision(from_environment("BORA_DEVICES", 100), from_environment("BORA_GATEWAYS", 5));
  const ChainPlan plan = make_plan(cast, from_environment("BORA_REPORTS", 6'000));
  begin(chain, {});
  const auto began = Steady::now();
  REQUIRE(chain.publish("reports", plan.reports));
  CHECK(chain.wait_until_through(300s));
  const auto took = Steady::now() - began;
  end(chain);

  const Outcome outcome = check_all(chain, cast, plan, Repeats::kNone);
  check_points(plan.points, chain.embedded_points());
  CHECK(differences(outcome.alerts, chain.notified()) == "");
  CHECK(admin.stop() == 0);
  for (const std::string& secret : plan.secrets)
    if (admin.logs().find(secret) != std::string::npos)
      FAIL_CHECK("the admin service logs a secret");
  print(plan, outcome, took);
}

TEST_CASE("with Redis and KairosDB the same comes out") {
  testing::RedisServer redis;
  const Cast cast = invent_cast(fresh_ids(), 40, 4);
  const ChainPlan plan = make_plan(cast, 2'000);
  Chain chain{{.series = "kairosdb+" + testing::kairosdb_url(), .state = redis.url()}};
  begin(chain, cast);
  REQUIRE(chain.publish("reports", plan.reports));
  CHECK(chain.wait_until_through(120s));
  end(chain);

  const Outcome outcome = check_all(chain, cast, plan, Repeats::kNone);
  CHECK(differences(outcome.alerts, chain.notified()) == "");
  // KairosDB shows what it took a moment later.
  Points found = Chain::kairos_points(cast);
  for (const auto give_up = Steady::now() + 30s;
       found.size() < plan.points.size() && Steady::now() < give_up;)
    found = Chain::kairos_points(cast);
  check_points(plan.points, found);
}

TEST_CASE(
    "processes that are killed in turn lose nothing and tell nothing twice but what a kill "
    "repeats") {
  const Cast cast = invent_cast(fresh_ids(), 60, 4);
  const ChainPlan plan = make_plan(cast, from_environment("BORA_REPORTS", 4'000));
  const std::uint64_t rounds = from_environment("BORA_ROUNDS", 1);
  const std::uint64_t parts = rounds * kTopologies.size() + 1;
  // Commits are so rare that a kill finds work that is done and not committed.
  Chain chain{{.commit_every = "3s",
               .settings = {"kafka.session.timeout.ms=6000", "kafka.heartbeat.interval.ms=1000"}}};
  begin(chain, cast);
  std::uint64_t kills = 0;
  for (std::uint64_t part = 0; part < parts; ++part) {
    const auto at = [&](std::uint64_t n) {
      return plan.reports.begin() + static_cast<std::ptrdiff_t>(plan.reports.size() * n / parts);
    };
    REQUIRE(chain.publish("reports", {at(part), at(part + 1)}));
    if (part + 1 == parts) break;
    const std::string& victim = kTopologies[part % kTopologies.size()];
    REQUIRE(chain.wait_until_working(victim));
    chain.kill(victim);
    ++kills;
    chain.start(victim);
    REQUIRE(chain.wait_until_ready(victim));
    if (part % kTopologies.size() + 1 == kTopologies.size()) {
      CHECK(chain.wait_until_through(120s));  // so that the next round kills at work, too
    }
  }
  CHECK(chain.wait_until_through(120s));
  end(chain);

  const Outcome outcome = check_all(chain, cast, plan, Repeats::kAllowed);
  check_points(plan.points, chain.embedded_points());
  Tally told = chain.notified();
  const std::uint64_t again = forgive_repeats(outcome.alerts, told);
  CHECK(differences(outcome.alerts, told) == "");
  CHECK(again <= rounds);  // a kill of thresholds repeats one of its alerts, with the same key
  // They were killed at work.
  CHECK(outcome.repeated.readings + outcome.repeated.rejected + again > 0);
  std::cout << kills << " kills: " << outcome.repeated.readings << " readings, "
            << outcome.repeated.rejected << " rejections, " << outcome.repeated.dead
            << " dead letters and " << again << " notifications of " << outcome.alerts.size()
            << " came twice\n";
}

// The embedded log has one owner at a time: this is all that separate processes can do with it.
TEST_CASE(
    "one process after the other on one embedded log, each killed at work, comes to the same") {
  const Cast cast = invent_cast(1, 60, 4);
  const ChainPlan plan = make_plan(cast, from_environment("BORA_REPORTS", 4'000));
  Chain chain{{.topics = Chain::Topics::kEmbedded, .commit_every = "1s", .window = "1s"}};
  REQUIRE(chain.publish("registry", registry_records(cast)));
  REQUIRE(chain.publish("reports", plan.reports));
  const auto began = Steady::now();
  for (const std::string program : {"raw", "authentication", "datapoints", "thresholds"}) {
    INFO(program);
    chain.start(program);
    REQUIRE(chain.wait_until_working(program));
    chain.kill(program);
    chain.start(program);
    REQUIRE(chain.wait_until_ready(program));
    const bool is_done = chain.wait_until_done(
        program == "raw" || program == "authentication" ? "reports" : "readings", program, 120s);
    INFO(chain.log_of(program));
    REQUIRE(is_done);
    CHECK(chain.stop(program) == 0);
  }

  const Outcome outcome = check_all(chain, cast, plan, Repeats::kAllowed);
  check_points(plan.points, chain.embedded_points());
  Tally told = chain.notified();
  CHECK(forgive_repeats(outcome.alerts, told) <= 1);
  CHECK(differences(outcome.alerts, told) == "");
  CHECK(outcome.repeated.readings + outcome.repeated.rejected > 0);  // it was killed at work
  print(plan, outcome, Steady::now() - began);
}

TEST_CASE("with exactly-once delivery a killed authentication repeats nothing") {
  const std::uint64_t ids = fresh_ids();
  const Cast cast = invent_cast(ids, 60, 4);
  const ChainPlan plan = make_plan(cast, from_environment("BORA_REPORTS", 4'000));
  const std::uint64_t kills = 3 * from_environment("BORA_ROUNDS", 1);
  // A name of its own, so that what a killed process left open ends when the next one starts.
  Chain chain{{.settings = {"authentication.delivery=exactly_once",
                            "authentication.transaction_id=chain-" + std::to_string(ids),
                            "kafka.session.timeout.ms=6000", "kafka.heartbeat.interval.ms=1000"}}};
  REQUIRE(chain.create_topics("authentication") == 0);
  REQUIRE(chain.publish("registry", registry_records(cast)));
  chain.start("authentication");
  REQUIRE(chain.wait_until_ready("authentication"));
  for (std::uint64_t part = 0; part <= kills; ++part) {
    const auto at = [&](std::uint64_t n) {
      return plan.reports.begin() +
             static_cast<std::ptrdiff_t>(plan.reports.size() * n / (kills + 1));
    };
    REQUIRE(chain.publish("reports", {at(part), at(part + 1)}));
    if (part == kills) break;
    REQUIRE(chain.wait_until_working("authentication"));
    chain.kill("authentication");
    chain.start("authentication");
    REQUIRE(chain.wait_until_ready("authentication"));
  }
  INFO(chain.log_of("authentication"));
  CHECK(chain.wait_until_done("reports", "authentication", 120s));
  CHECK(chain.stop("authentication") == 0);

  Repeated repeated;
  CHECK(!check_readings(chain, plan, Repeats::kNone, repeated).empty());
  check_rejected(chain, plan, Repeats::kNone, repeated);
  check_dead_letters(chain, plan, Repeats::kNone, repeated);
}

TEST_CASE("who may speak no more is heard no more, ten seconds later at most") {
  Chain chain{{}};
  REQUIRE(chain.create_topics("authentication") == 0);
  ChainAdmin admin{chain};
  const GatewayIdentity stays = admin.make_gateway();
  const GatewayIdentity goes = admin.make_gateway();
  Reporter behind_deleted{admin.make_device(), goes};
  const DeviceIdentity off = admin.make_device();
  Reporter switched_off{off, stays};
  DeviceIdentity other = admin.make_device();
  Reporter other_secret{other, stays};
  Reporter untouched{admin.make_device(), stays};
  chain.start("authentication");
  REQUIRE(chain.wait_until_ready("authentication"));
  const auto send = [&] {
    REQUIRE(chain.publish("reports", {behind_deleted.next(), switched_off.next(),
                                      other_secret.next(), untouched.next()}));
  };
  for (int i = 0; i < 20; ++i)
    send();
  REQUIRE(chain.wait_until_done("reports", "authentication", 30s));
  REQUIRE(chain.read("readings").size() == 80);  // all of them were right, and are remembered

  admin.remove(goes);
  behind_deleted.changes_now();
  admin.set_state(off, State::kInactive);
  switched_off.changes_now();
  other.secret = DeviceSecret{other.secret.reveal() ^ 2U};
  REQUIRE(chain.publish("registry", {registry_record_of(other)}));
  other_secret.changes_now();
  for (const auto until = Steady::now() + 11s; Steady::now() < until;) {
    send();
    std::this_thread::sleep_for(20ms);
    if (chain.read("reports.rejected").size() > 30) break;  // some of each
  }
  other_secret.use(other.secret);
  send();
  REQUIRE(chain.wait_until_done("reports", "authentication", 30s));
  CHECK(chain.stop("authentication") == 0);

  for (const Reporter* reporter : {&behind_deleted, &switched_off, &other_secret}) {
    const auto rejected = readings_of(chain, "reports.rejected", reporter->device());
    REQUIRE(!rejected.empty());
    const double after = reporter->seconds_after_change(rejected.front());
    CHECK(after < 10);
    std::cout << "device " << to_uint(reporter->device()) << ": heard no more after at most "
              << after << " s\n";
    for (const Reading& reading : readings_of(chain, "readings", reporter->device()))
      if (reporter != &other_secret) CHECK(reading.time < rejected.front().time);
  }
  Tally reasons;
  for (const Record& record : chain.read("reports.rejected"))
    ++reasons[nlohmann::json::parse(record.value).at("reason").get<std::string>()];
  CHECK(reasons.size() == 3);
  CHECK(reasons.count("unknown_gateway") + reasons.count("inactive_device") +
            reasons.count("bad_device_token") ==
        3);
  // The new secret counts, and the one whom nobody touched was never refused.
  const auto heard = readings_of(chain, "readings", other.id);
  const auto refused = readings_of(chain, "reports.rejected", other.id);
  CHECK(heard.back().time > refused.back().time);
  CHECK(readings_of(chain, "reports.rejected", untouched.device()).empty());
  CHECK(admin.stop() == 0);
}
