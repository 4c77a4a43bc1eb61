// The alerts topology as it is deployed, begun with a backlog, with a hostile source and a state that is
// away, whose answers get lost, and that loses everything.

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "bora/testing/simulation.hpp"
#include "support/naive_state.hpp"
#include "tests/simulation/record_world.hpp"
#include "tests/simulation/scenario.hpp"
#include "topologies/alerts/topology.hpp"
#include "topologies/coldchain/codec.hpp"

namespace bora::simulation {

using namespace std::chrono_literals;
using coldchain::Alert;
using coldchain::AlertKind;
using coldchain::DeviceId;

namespace {

constexpr std::size_t kUnderWay = 2;  // notifications
constexpr const char* kAlerts = "alerts";

/// Devices with even ids reported until hours ago, all others report into a future that the simulation
/// does not reach: they are never silent, whatever the clocks do and however long the backlog waits.
class SilenceWorld {
 public:
  explicit SilenceWorld(testing::World& world);

  testing::World& world() noexcept { return world_; }
  RecordWorld& records() noexcept { return records_; }
  testing::NaiveState& state() noexcept { return state_; }
  const coldchain::RegistryView& registry() const noexcept { return registry_; }
  void look_at(const Alert& alert);
  void tell(const Alert& alert);
  bool is_all_done();

 private:
  static bool is_dead(DeviceId device) { return to_uint(device) % 2 == 0; }
  RecordWorld::Made make(testing::Dice& dice);
  Status lose_something();

  testing::World& world_;
  const WallTime begin_;
  coldchain::RegistryView registry_;
  testing::NaiveState state_;
  bool lost_ = false;
  std::map<DeviceId, std::set<WallTime>> readings_;
  std::set<std::string> published_;
  std::map<std::string, std::uint32_t> told_in_;     // the life in which it was told last
  std::map<std::uint32_t, std::size_t> told_again_;  // by that life
  std::size_t seen_ = 0;
  RecordWorld records_;
};

SilenceWorld::SilenceWorld(testing::World& world)
    : world_(world),
      begin_(world.clock().wall_now()),
      records_(world, [this](testing::Dice& dice) { return make(dice); }) {
  registry_.set_ready();
  records_.broker().create_topic(kAlerts, 1);
  // A store that has been there for long.
  coldchain::LastSeen::Known known;
  state_.connect()->last_seen().find({}, begin_ - 240h, known).ignore("the model does not fail");
  records_.done_when([this](std::uint32_t, std::int64_t, const Record& record) {
    const auto reading = coldchain::parse_reading(record.value);
    if (!reading) return false;
    const auto last = state_.last(reading->device_id);
    return lost_ || (last && last->time >= reading->time);
  });
  state_.before = [this] { return lose_something(); };
  state_.after = [this]() -> Status {
    if (world_.fails(20, "the state's answer is lost"))
      return {ErrorKind::kUnavailable, "no answer"};
    return {};
  };
}

Status SilenceWorld::lose_something() {
  if (!world_.persists()) return {ErrorKind::kUnavailable, "the process has crashed"};
  if (world_.fails(20, "the state is away")) return {ErrorKind::kUnavailable, "the state is away"};
  if (world_.seed() % 3 == 0 && world_.fails(60, "the state loses everything")) {
    state_.lose_everything();
    lost_ = true;
  }
  return {};
}

RecordWorld::Made SilenceWorld::make(testing::Dice& dice) {
  coldchain::Reading reading;
  reading.device_id = DeviceId{dice.between(1, 8)};
  const bool is_last_day = is_dead(reading.device_id) || dice.one_in(2);
  // The future of those alive begins with their first reading.
  const bool is_first = readings_[reading.device_id].empty();
  reading.time = is_last_day && (is_dead(reading.device_id) || !is_first)
                     ? begin_ - 5h - std::chrono::minutes{dice.below(600)}
                     : begin_ + 1'000h + std::chrono::minutes{dice.below(600)};
  reading.received = reading.time + 1s;
  reading.temperature = 4;
  RecordWorld::Made made;
  made.is_malformed = dice.one_in(15);
  coldchain::write_reading(reading, made.record.value);
  if (made.is_malformed)
    made.record.value.pop_back();
  else
    readings_[reading.device_id].insert(reading.time);
  made.record.key = record_key(reading.device_id);
  made.record.timestamp = begin_ - 1h;
  return made;
}

void SilenceWorld::look_at(const Alert& alert) {
  const std::string id = alert_id(alert);
  const auto& readings = readings_[alert.device_id];
  world_.expect(readings.count(alert.time) != 0, id + " is about no reading");
  if (alert.kind != AlertKind::kSilent) return;
  world_.expect(is_dead(alert.device_id), id + " says that somebody is silent who is not");
  if (!lost_ && !readings.empty())
    world_.expect(alert.time == *readings.rbegin(), id + " is not about the last reading");
}

/// Once; but a crash repeats what was under way in the life that it ended.
void SilenceWorld::tell(const Alert& alert) {
  look_at(alert);
  const std::string id = alert_id(alert);
  const auto [last, is_first] = told_in_.try_emplace(id, world_.life());
  if (is_first || lost_) return;
  world_.expect(last->second != world_.life(), id + " was told again, though the process lived on");
  world_.expect(++told_again_[last->second] <= kUnderWay,
                id + " was told again, and so were as many as can have been under way");
  last->second = world_.life();
}

bool SilenceWorld::is_all_done() {
  const auto alerts = records_.broker().records(kAlerts);
  for (; seen_ < alerts.size(); ++seen_) {
    const auto alert = coldchain::parse_alert(alerts[seen_].record.value);
    world_.expect(alert.is_ok(), "a record of topic alerts is none");
    if (!alert) continue;
    look_at(*alert);
    published_.insert(alert_id(*alert));
  }
  if (!records_.is_all_done()) return false;
  if (lost_) return true;
  return std::all_of(readings_.begin(), readings_.end(), [&](const auto& each) {
    const auto& [device, times] = each;
    return !is_dead(device) || times.empty() ||
           published_.count(alert_id(device, AlertKind::kSilent, *times.rbegin())) != 0;
  });
}

class Listener final : public notify::Notifier {
 public:
  explicit Listener(SilenceWorld& of) : of_(of) {}
  [[nodiscard]] bool has_room() const override { return outcomes_.size() < kUnderWay; }
  Status send(notify::Notification notification, Tag tag) override {
    if (of_.world().fails(15, "the hook is down")) return {ErrorKind::kUnavailable, "down"};
    const auto alert = coldchain::parse_alert(notification.body);
    of_.world().expect(alert.is_ok(), "somebody was told what is no alert");
    if (alert && of_.world().persists()) of_.tell(*alert);
    outcomes_.push_back({tag, {}});
    if (wake_) wake_();
    return {};
  }
  std::size_t poll(std::vector<Outcome>& out) override {
    const auto outcomes = std::exchange(outcomes_, {});
    out.insert(out.end(), outcomes.begin(), outcomes.end());
    return outcomes.size();
  }
  void flush(std::chrono::milliseconds) override {}
  void on_outcome(std::function<void()> wake) override { wake_ = std::move(wake); }

 private:
  SilenceWorld& of_;
  std::vector<Outcome> outcomes_;
  std::function<void()> wake_;
};

Result<Topology> alerts_topology(SilenceWorld& of) {
  testing::Dice& dice = of.world().dice();
  alerts::AlertsOptions options;
  options.time_tasks = static_cast<std::uint32_t>(dice.between(1, 2));
  options.max_in_flight = 64;
  options.batch_readings = dice.between(1, 32);
  // Partitions come and go until the end: shorter than the time between, or nobody is ever silent.
  options.rules.settle = std::chrono::milliseconds{dice.between(1, 200)};
  options.rules.look_every = std::chrono::milliseconds{dice.between(5, 100)};
  options.spout.retry.first_backoff = 2ms;
  options.spout.retry.max_backoff = 50ms;
  options.spout.commit_every = std::chrono::milliseconds{dice.between(5, 100)};
  options.spout.max_held = dice.between(16, 256);
  SilenceWorld* world = &of;
  return alerts::make_topology(
      options,
      {.connections = {.source = [world](std::uint32_t) { return world->records().source(); },
                       .dead_letters = [world](std::uint32_t) { return world->records().sink(); }},
       .registry = [world]() -> const coldchain::RegistryView& { return world->registry(); },
       .state = [world] { return world->state().connect(); },
       .notifier = [world](const Clock&,
                           std::uint32_t) { return std::make_unique<Listener>(*world); },
       .sinks = [world](std::uint32_t) { return world->records().sink(); },
       .clock = of.world().clock()});
}

}  // namespace

testing::SimulationReport run_alerts(std::uint64_t seed,
                                     std::function<void(const std::string&)> trace) {
  testing::World world{seed};
  SilenceWorld of{world};
  testing::SimulationOptions options;
  options.trace = std::move(trace);
  testing::Simulation simulation{world, [&] { return alerts_topology(of); }, std::move(options)};
  return simulation.until([&] { return of.is_all_done(); }).run();
}

}  // namespace bora::simulation
