// The thresholds topology as it is deployed, with a hostile source, a ledger that fails, and a web hook
// that is slow, refuses, is away, and whose answers get lost. Some readings are published twice. A crash
// repeats no more notifications than can have been under way.

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "bolts/notifier/notifier.hpp"
#include "bora/testing/simulation.hpp"
#include "support/memory_ledger.hpp"
#include "tests/simulation/record_world.hpp"
#include "tests/simulation/scenario.hpp"
#include "topologies/coldchain/codec.hpp"
#include "topologies/thresholds/topology.hpp"

namespace bora::simulation {

using namespace std::chrono_literals;
using coldchain::Alert;
using coldchain::AlertKind;

namespace {

constexpr WallTime kBegin = WallTime{1'700'000'000s};
constexpr double kMost = 8;
constexpr double kLeastBattery = 20;
constexpr const char* kAlerts = "alerts";
constexpr const char* kRefused = "alerts.dlq";

/// Everything that outlives a crash but the records, and what has to hold of it.
class AlertWorld {
 public:
  explicit AlertWorld(testing::World& world);

  [[nodiscard]] testing::World& world() noexcept { return world_; }
  [[nodiscard]] coldchain::RegistryView& registry() noexcept { return registry_; }
  [[nodiscard]] test::MemoryLedger& ledger() noexcept { return ledger_; }
  [[nodiscard]] RecordWorld& records() noexcept { return records_; }
  /// Most notifications under way.
  [[nodiscard]] std::size_t room() const noexcept { return world_.seed() % 2 == 0 ? 1 : 3; }

  /// The web hook took a notification.
  void tell(const notify::Notification& told);
  /// It did, but its answer was lost.
  void lose_answer(const std::string& key) { ++lost_[{key, world_.life()}]; }
  void refuse(const std::string& key) {
    if (world_.persists()) refused_.insert(key);
  }
  [[nodiscard]] bool is_all_done();

 private:
  using InLife = std::pair<std::string, std::uint32_t>;
  RecordWorld::Made make(testing::Dice& dice);
  void look_at_alert(const Alert& alert);
  void collect();
  [[nodiscard]] bool is_done(std::uint32_t partition, std::int64_t offset, const Record& record);
  void look_at_repetition(const std::string& key);
  [[nodiscard]] bool is_settled(const coldchain::Reading& reading, AlertKind kind,
                                const std::string& place);

  testing::World& world_;
  coldchain::RegistryView registry_;
  test::MemoryLedger ledger_;
  std::vector<coldchain::Reading> made_;  // each once
  std::set<std::string> told_;
  std::set<std::string> refused_;
  std::map<InLife, int> times_told_;
  std::map<InLife, int> lost_;
  std::map<std::string, std::uint32_t> told_in_;     // the life in which it was told first
  std::map<std::uint32_t, std::size_t> told_again_;  // by the life that was begun then
  std::set<std::string> published_;
  std::set<std::string> in_dead_letters_;
  std::size_t alerts_seen_ = 0;
  std::size_t letters_seen_ = 0;
  RecordWorld records_;
};

AlertWorld::AlertWorld(testing::World& world)
    : world_(world), records_(world, [this](testing::Dice& dice) { return make(dice); }) {
  records_.broker().create_topic(kAlerts, 1);
  records_.broker().create_topic(kRefused, 1);
  records_.done_when([this](std::uint32_t partition, std::int64_t offset, const Record& record) {
    return is_done(partition, offset, record);
  });
  for (std::uint64_t device = 1; device <= 5; ++device)
    registry_.apply(coldchain::DeviceEntry{coldchain::DeviceId{device},
                                           "x",
                                           coldchain::State::kActive,
                                           {{"maxTemperature", "8"},
                                            {"minBattery", "20"},
                                            {"name", "Fridge " + std::to_string(device)}}});
  ledger_.before = [this]() -> Status {
    if (world_.fails(15, "the ledger is away")) return {ErrorKind::kUnavailable, "no ledger"};
    if (!world_.persists()) return {ErrorKind::kUnavailable, "the process has crashed"};
    return {};
  };
  ledger_.after = [this]() -> Status {
    if (world_.fails(15, "the ledger's answer is lost"))
      return {ErrorKind::kUnavailable, "no answer"};
    return {};
  };
}

RecordWorld::Made AlertWorld::make(testing::Dice& dice) {
  const bool is_repeat = !made_.empty() && dice.one_in(6);
  if (!is_repeat) {
    coldchain::Reading reading;
    reading.device_id = coldchain::DeviceId{dice.between(1, 6)};  // 6 is not registered
    reading.gateway_id = coldchain::GatewayId{1};
    reading.time = kBegin + std::chrono::minutes{dice.below(400)};
    reading.received = reading.time + 1s;
    reading.temperature = dice.one_in(3) ? 9.5 : 4.5;
    reading.battery = dice.one_in(8) ? 10 : 90;
    made_.push_back(reading);
  }
  const coldchain::Reading& reading = is_repeat ? made_[dice.below(made_.size())] : made_.back();
  RecordWorld::Made made;
  made.is_malformed = dice.one_in(15);
  coldchain::write_reading(reading, made.record.value);
  if (made.is_malformed) made.record.value.pop_back();
  made.record.key = record_key(reading.device_id);
  made.record.timestamp = reading.received;
  return made;
}

/// It says what a reading of its device and time said, and its claim was granted.
void AlertWorld::look_at_alert(const Alert& alert) {
  const bool is_hot = alert.kind == AlertKind::kTooHot;
  const bool is_true = std::any_of(made_.begin(), made_.end(), [&](const auto& reading) {
    const double value = is_hot ? reading.temperature : reading.battery;
    return reading.device_id == alert.device_id && reading.time == alert.time &&
           value == alert.value;
  });
  const double limit = is_hot ? kMost : kLeastBattery;
  world_.expect(
      is_true && alert.limit == limit && (is_hot ? alert.value > limit : alert.value < limit),
      "alert " + alert_id(alert) + " says what no reading said");
  const auto& granted = ledger_.granted[{to_uint(alert.device_id), alert.kind}];
  world_.expect(granted.count(alert.time) != 0,
                "alert " + alert_id(alert) + " was not granted by the ledger");
  world_.expect(alert.info.name == "Fridge " + record_key(alert.device_id),
                "alert " + alert_id(alert) + " has no name");
}

void AlertWorld::tell(const notify::Notification& told) {
  const auto alert = coldchain::parse_alert(told.body);
  world_.expect(alert.is_ok(), "somebody was told what is no alert");
  if (!alert) return;
  world_.expect(told.key == alert_id(*alert), "a notification has another key than its alert's id");
  look_at_alert(*alert);
  const InLife key{told.key, world_.life()};
  world_.expect(++times_told_[key] <= 1 + lost_[key],
                told.key + " was told again, though the process lived on and no answer was lost");
  told_.insert(told.key);
  look_at_repetition(told.key);
}

/// A crash repeats what was under way in the life that it ended, and what had to be sent again anyway.
void AlertWorld::look_at_repetition(const std::string& key) {
  const auto [first, is_first] = told_in_.try_emplace(key, world_.life());
  if (is_first || first->second == world_.life()) return;
  const bool was_lost = lost_[{key, first->second}] > 0;
  if (!was_lost)
    world_.expect(++told_again_[first->second] <= room(),
                  key + " was told again, and so were as many as can have been under way");
  first->second = world_.life();
}

void AlertWorld::collect() {
  const auto alerts = records_.broker().records(kAlerts);
  for (; alerts_seen_ < alerts.size(); ++alerts_seen_) {
    const auto alert = coldchain::parse_alert(alerts[alerts_seen_].record.value);
    world_.expect(alert.is_ok(), "a record of topic alerts is none");
    if (!alert) continue;
    look_at_alert(*alert);
    const std::string id = alert_id(*alert);
    world_.expect(told_.count(id) + refused_.count(id) != 0,
                  id + " was published before it was told");
    published_.insert(id);
  }
  const auto letters = records_.broker().records(kRefused);
  for (; letters_seen_ < letters.size(); ++letters_seen_) {
    const auto alert = coldchain::parse_alert(letters[letters_seen_].record.value);
    world_.expect(alert.is_ok() && refused_.count(alert_id(*alert)) != 0,
                  "a dead letter that nobody refused");
    if (alert) in_dead_letters_.insert(alert_id(*alert));
  }
}

/// The hour is somebody's; and if it is this record's, then what it stands for is done.
bool AlertWorld::is_settled(const coldchain::Reading& reading, AlertKind kind,
                            const std::string& place) {
  for (const auto& [time, id] : ledger_.granted[{to_uint(reading.device_id), kind}]) {
    if (time - reading.time >= 1h || reading.time - time >= 1h) continue;
    if (id.substr(id.find('@')) != place) return true;
    const std::string alert = alert_id(reading.device_id, kind, time);
    const bool is_told = told_.count(alert) != 0;
    return (is_told || in_dead_letters_.count(alert) != 0) && published_.count(alert) != 0;
  }
  return false;
}

bool AlertWorld::is_done(std::uint32_t partition, std::int64_t offset, const Record& record) {
  collect();
  const auto reading = coldchain::parse_reading(record.value);
  if (!reading) return false;
  if (to_uint(reading->device_id) == 6) return true;
  const std::string place = '@' + std::to_string(partition) + '-' + std::to_string(offset);
  return (reading->temperature <= kMost || is_settled(*reading, AlertKind::kTooHot, place)) &&
         (reading->battery >= kLeastBattery || is_settled(*reading, AlertKind::kLowBattery, place));
}

bool AlertWorld::is_all_done() {
  collect();
  return records_.is_all_done();
}

/// A web hook that answers later, if at all.
class FickleHook final : public notify::Notifier {
 public:
  explicit FickleHook(AlertWorld& of) : shared_(std::make_shared<Shared>(of)) {}
  [[nodiscard]] bool has_room() const override { return shared_->under_way < shared_->of.room(); }
  Status send(notify::Notification notification, Tag tag) override {
    testing::World& world = shared_->of.world();
    if (world.fails(15, "the circuit is open")) return {ErrorKind::kUnavailable, "at rest"};
    ++shared_->under_way;
    world.later(std::chrono::milliseconds{world.dice().below(30)},
                [shared = shared_, notification = std::move(notification), tag] {
                  const Status status = answer(shared->of, notification);
                  shared->answered.push_back({tag, status});
                  if (shared->wake) shared->wake();
                });
    return {};
  }
  std::size_t poll(std::vector<Outcome>& out) override {
    const std::vector<Outcome> answered = std::exchange(shared_->answered, {});
    out.insert(out.end(), answered.begin(), answered.end());
    shared_->under_way -= answered.size();
    return answered.size();
  }
  void flush(std::chrono::milliseconds timeout) override {
    if (timeout.count() > 0)
      shared_->of.world().pass(std::min<std::chrono::milliseconds>(timeout, 2ms));
  }
  void on_outcome(std::function<void()> wake) override { shared_->wake = std::move(wake); }

 private:
  struct Shared {
    explicit Shared(AlertWorld& world) : of(world) {}
    AlertWorld& of;
    std::size_t under_way = 0;
    std::vector<Outcome> answered;
    std::function<void()> wake;
  };
  static Status answer(AlertWorld& of, const notify::Notification& notification) {
    testing::World& world = of.world();
    if (world.fails(15, "the hook answers 503")) return {ErrorKind::kUnavailable, "503"};
    if (world.fails(25, "the hook answers 400")) {
      of.refuse(notification.key);
      return {ErrorKind::kInvalid, "400"};
    }
    if (world.persists()) of.tell(notification);
    if (!world.fails(15, "the hook's answer is lost")) return {};
    of.lose_answer(notification.key);
    return {ErrorKind::kUnavailable, "timeout"};
  }
  std::shared_ptr<Shared> shared_;  // with answers to come
};

Result<Topology> thresholds_topology(AlertWorld& of) {
  testing::Dice& dice = of.world().dice();
  thresholds::ThresholdsOptions options;
  options.config_tasks = static_cast<std::uint32_t>(dice.between(1, 2));
  options.max_in_flight = 64;
  options.spout.retry.first_backoff = 2ms;
  options.spout.retry.max_backoff = 50ms;
  options.spout.commit_every = std::chrono::milliseconds{dice.between(5, 100)};
  options.spout.max_held = dice.between(16, 256);
  of.world().later(20ms, [&of] { of.registry().set_ready(); });
  AlertWorld* world = &of;
  return thresholds::make_topology(
      options,
      {.connections = {.source = [world](std::uint32_t) { return world->records().source(); },
                       .dead_letters = [world](std::uint32_t) { return world->records().sink(); }},
       .registry = [world]() -> const coldchain::RegistryView& { return world->registry(); },
       .state = [world] { return std::make_unique<test::LedgerOnly>(world->ledger()); },
       .notifier = [world](const Clock&,
                           std::uint32_t) { return std::make_unique<FickleHook>(*world); },
       .sinks = [world](std::uint32_t) { return world->records().sink(); }});
}

}  // namespace

testing::SimulationReport run_thresholds(std::uint64_t seed,
                                         std::function<void(const std::string&)> trace) {
  testing::World world{seed};
  AlertWorld of{world};
  testing::SimulationOptions options;
  options.trace = std::move(trace);
  testing::Simulation simulation{world, [&] { return thresholds_topology(of); },
                                 std::move(options)};
  return simulation.until([&] { return of.is_all_done(); }).run();
}

}  // namespace bora::simulation
