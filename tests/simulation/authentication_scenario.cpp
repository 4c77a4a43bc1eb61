// The authentication topology, with a hostile source, topics that fail, and a verifier that answers some
// time later.

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "bora/testing/simulation.hpp"
#include "support/authentication_world.hpp"
#include "tests/simulation/record_world.hpp"
#include "tests/simulation/scenario.hpp"
#include "topologies/authentication/topology.hpp"
#include "topologies/coldchain/codec.hpp"

namespace bora::simulation {

using namespace std::chrono_literals;
using namespace authentication::testing;
using coldchain::DeviceId;
using coldchain::GatewayId;

namespace {

constexpr std::uint64_t kInactive = 5;
constexpr std::uint64_t kUnknown = 99;
constexpr const char* kAccepted = "accepted";
constexpr const char* kRejected = "reports.rejected";

coldchain::RegistryView& fill(coldchain::RegistryView& view) {
  for (std::uint64_t id = 1; id <= kInactive; ++id)
    view.apply(device_entry(
        id, id == kInactive ? coldchain::State::kInactive : coldchain::State::kActive));
  for (std::uint64_t id = 1; id <= 2; ++id)
    view.apply(gateway_entry(id));
  return view;
}

/// What should become of a report, found out as plainly as possible.
std::string fate_of(const coldchain::Report& report) {
  const auto device = to_uint(report.device_id);
  const auto gateway = to_uint(report.gateway_id);
  if (device == kUnknown) return "unknown_device";
  if (device == kInactive) return "inactive_device";
  if (report.device_secret.reveal() != device_secret(device)) return "bad_device_token";
  if (gateway == kUnknown) return "unknown_gateway";
  if (report.gateway_secret.reveal() != gateway_token(gateway)) return "bad_gateway_token";
  return kAccepted;
}

RecordWorld::Made make_report(testing::Dice& dice) {
  auto report = report_of(dice.one_in(10) ? kUnknown : dice.between(1, kInactive),
                          dice.one_in(10) ? kUnknown : dice.between(1, 2));
  report.temperature = static_cast<double>(dice.below(1'000'000'000));  // tells it from the others
  if (dice.one_in(8)) report.device_secret = coldchain::DeviceSecret{dice.below(6)};
  if (dice.one_in(8)) report.gateway_secret = coldchain::GatewaySecret{gateway_token(3)};
  RecordWorld::Made made;
  made.is_malformed = dice.one_in(12);
  if (made.is_malformed) report.time += 1h;
  made.record = record_of(report);
  return made;
}

/// The topics of the outcomes under names of their own: the record world reads from `readings`.
class RenamingSink final : public RecordSink {
 public:
  explicit RenamingSink(std::unique_ptr<RecordSink> inner) : inner_(std::move(inner)) {}
  Status append(std::string_view topic, Record record, Tag tag) override {
    return inner_->append(topic == "readings" ? kAccepted : topic, std::move(record), tag);
  }
  std::size_t poll(std::vector<Delivery>& out) override { return inner_->poll(out); }
  Status flush(std::chrono::milliseconds timeout) override { return inner_->flush(timeout); }
  void on_delivery(std::function<void()> wake) override { inner_->on_delivery(std::move(wake)); }

 private:
  std::unique_ptr<RecordSink> inner_;
};

/// Answers some time later, as the pool's threads do.
class LateVerifier final : public authentication::SecretVerifier {
 public:
  explicit LateVerifier(testing::World& world) : world_(world) {}
  bool submit(authentication::CheckLane, authentication::SecretCheck check) override {
    const bool is_right = check.hash == FakeVerifier::hash_of(check.secret.reveal());
    world_.later(std::chrono::milliseconds{world_.dice().below(60)},
                 [done = std::move(check.done), is_right] { done(is_right); });
    return true;
  }

 private:
  testing::World& world_;
};

/// Reads what was published, and knows which reports it answers.
class Outcomes {
 public:
  explicit Outcomes(RecordWorld& of) : of_(of) {
    of.broker().create_topic(kAccepted, 1);
    of.broker().create_topic(kRejected, 1);
  }
  bool has(const Record& record) {
    const auto report = coldchain::parse_report(record.value);
    collect(kAccepted);
    collect(kRejected);
    return report && fates_.count({report->temperature, fate_of(*report)}) != 0;
  }
  /// What no report should have become is looked for here.
  void expect(const coldchain::Report& report) { expected_[report.temperature] = fate_of(report); }

 private:
  void collect(const char* topic) {
    for (const Record& record : of_.broker().fresh_records(topic, seen_[topic])) {
      const std::string& value = record.value;
      const auto reading = coldchain::parse_reading(value);
      of_.world().expect(reading.is_ok(), "what was published is no reading");
      of_.world().expect(value.find("\"token\"") == std::string::npos &&
                             value.find("\"auth\"") == std::string::npos,
                         "a secret was published");
      std::string fate = kAccepted;
      if (std::string(topic) == kRejected) fate = value.substr(11, value.find('"', 11) - 11);
      of_.world().expect(
          expected_[reading->temperature] == fate,
          "a report became '" + fate + "', it should be '" + expected_[reading->temperature] + "'");
      fates_.insert({{reading->temperature, fate}, true});
    }
  }

  RecordWorld& of_;
  std::map<double, std::string> expected_;
  std::map<std::pair<double, std::string>, bool> fates_;
  std::map<std::string, std::vector<std::int64_t>> seen_;
};

Result<Topology> authentication_topology(RecordWorld& of, const coldchain::RegistryView& view,
                                         LateVerifier& verifier) {
  testing::Dice& dice = of.world().dice();
  authentication::AuthenticationOptions options;
  options.device_tasks = static_cast<std::uint32_t>(dice.between(1, 2));
  options.gateway_tasks = static_cast<std::uint32_t>(dice.between(1, 2));
  options.max_in_flight = 64;
  options.memo.keep = std::chrono::milliseconds{dice.between(1, 500)};
  options.memo.suspect_checks = 1'000'000;  // who is refused unchecked may be right
  options.spout.retry.first_backoff = 2ms;
  options.spout.retry.max_backoff = 50ms;
  options.spout.commit_every = std::chrono::milliseconds{dice.between(5, 100)};
  options.spout.max_held = dice.between(16, 256);
  return authentication::make_topology(
      options, {.connections = {.source = [&](std::uint32_t) { return of.source(); },
                                .dead_letters = [&](std::uint32_t) { return of.dead_letters(); }},
                .sinks = [&](std::uint32_t) { return std::make_unique<RenamingSink>(of.sink()); },
                .checks = check_world(view, verifier)});
}

}  // namespace

testing::SimulationReport run_authentication(std::uint64_t seed,
                                             std::function<void(const std::string&)> trace) {
  testing::World world{seed};
  std::vector<coldchain::Report> made;
  RecordWorld of{world, [&](testing::Dice& dice) {
                   auto record = make_report(dice);
                   made.push_back(*coldchain::parse_report(record.record.value));
                   return record;
                 }};
  Outcomes outcomes{of};
  for (const coldchain::Report& report : made)
    outcomes.expect(report);
  of.done_when(
      [&](std::uint32_t, std::int64_t, const Record& record) { return outcomes.has(record); });
  coldchain::RegistryView view;
  fill(view);
  if (!world.dice().one_in(4)) view.set_ready();
  LateVerifier verifier{world};
  testing::SimulationOptions options;
  options.trace = std::move(trace);
  testing::Simulation simulation{world, [&] { return authentication_topology(of, view, verifier); },
                                 std::move(options)};
  return simulation
      .until([&] {
        view.set_ready();
        return of.is_all_done();
      })
      .run();
}

}  // namespace bora::simulation
