// What every implementation of the shared state promises; built with each of them.

#include "support/state_conformance.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "support/naive_state.hpp"
#include "support/state_operations.hpp"

namespace bora::coldchain {

using namespace std::chrono_literals;
using testing::make_state_under_test;

namespace {

constexpr WallTime kNoon = WallTime{1'700'000'000s};
constexpr DeviceId kFirst{1};
constexpr DeviceId kSecond{18'446'744'073'709'551'615u};
constexpr ReadingPlace kPlace{.partition = 3, .offset = 41};
constexpr ReadingPlace kOtherPlace{.partition = 3, .offset = 42};

std::vector<std::optional<Sighting>> last_of(LastSeen& seen, std::vector<DeviceId> devices) {
  LastSeen::Known known;
  REQUIRE(seen.find(devices, kNoon, known).message() == "");
  return known.last;
}
StoreBirth birth_of(LastSeen& seen, WallTime now) {
  LastSeen::Known known;
  REQUIRE(seen.find({}, now, known).message() == "");
  return known.birth;
}
void record(LastSeen& seen, std::vector<Sighting> heard) {
  REQUIRE(seen.record(heard).message() == "");
}
std::vector<Sighting> walk(LastSeen& seen, WallTime from, WallTime to) {
  std::vector<Sighting> found;
  REQUIRE(seen.walk({from, to}, found).message() == "");
  return found;
}
std::vector<ClaimAnswer> claim(AlertLedger& ledger, std::vector<AlertClaim> claims) {
  std::vector<ClaimAnswer> answers;
  REQUIRE(ledger.claim(claims, answers).message() == "");
  return answers;
}
ClaimAnswer claim_hot(AlertLedger& ledger, WallTime time, std::string_view id) {
  return claim(ledger, {{kFirst, AlertKind::kTooHot, time, id}}).at(0);
}
std::vector<ToldAnswer> told(AlertLedger& ledger, std::vector<AlertName> alerts) {
  std::vector<ToldAnswer> answers;
  REQUIRE(ledger.find_told(alerts, answers).message() == "");
  return answers;
}
void mark_told(AlertLedger& ledger, std::vector<AlertName> alerts) {
  REQUIRE(ledger.mark_told(alerts).message() == "");
}
std::optional<Silence> silence_of(SilentSet& silent, DeviceId device) {
  std::vector<std::optional<Silence>> found;
  REQUIRE(silent.find(std::vector{device}, found).message() == "");
  REQUIRE(found.size() == 1);
  return found[0];
}
void begin(SilentSet& silent, std::vector<Silence> silences) {
  REQUIRE(silent.begin(silences).message() == "");
}
EndAnswer end(SilentSet& silent, SilenceEnd one) {
  std::vector<EndAnswer> answers;
  REQUIRE(silent.end(std::vector{one}, answers).message() == "");
  return answers.at(0);
}

constexpr auto kYours = ClaimAnswer::kYours;
constexpr auto kTaken = ClaimAnswer::kTaken;

}  // namespace

TEST_CASE("a device that was never heard is not known") {
  const auto under_test = make_state_under_test();
  const auto state = under_test->connect();
  CHECK(last_of(state->last_seen(), {kFirst}) == std::vector<std::optional<Sighting>>{{}});
  CHECK(last_of(state->last_seen(), {}).empty());
  CHECK(state->last_seen().count_devices().value() == 0);
}

TEST_CASE("the newest time of a device is kept, and its partition, across a restart") {
  const auto under_test = make_state_under_test();
  {
    const auto state = under_test->connect();
    record(state->last_seen(), {{kFirst, kNoon, 7}, {kSecond, kNoon + 1ms, 1023}});
  }
  under_test->restart();
  const auto state = under_test->connect();
  const auto last = last_of(state->last_seen(), {kSecond, DeviceId{9}, kFirst});
  REQUIRE(last.size() == 3);
  CHECK(last[0] == Sighting{kSecond, kNoon + 1ms, 1023});
  CHECK_FALSE(last[1].has_value());
  CHECK(last[2] == Sighting{kFirst, kNoon, 7});
  CHECK(state->last_seen().count_devices().value() == 2);
}

TEST_CASE("late and repeated readings do not move a device back") {
  const auto under_test = make_state_under_test();
  const auto state = under_test->connect();
  record(state->last_seen(), {{kFirst, kNoon, 1}});
  record(state->last_seen(), {{kFirst, kNoon - 1ms, 2}});
  record(state->last_seen(), {{kFirst, kNoon, 1}});
  CHECK(last_of(state->last_seen(), {kFirst})[0] == Sighting{kFirst, kNoon, 1});
}

TEST_CASE("of several readings of one batch the newest counts, wherever it stands") {
  const auto under_test = make_state_under_test();
  const auto state = under_test->connect();
  record(state->last_seen(),
         {{kFirst, kNoon, 1}, {kFirst, kNoon + 5s, 2}, {kFirst, kNoon + 1s, 3}});
  CHECK(last_of(state->last_seen(), {kFirst})[0] == Sighting{kFirst, kNoon + 5s, 2});
}

TEST_CASE("what one connection recorded another one finds") {
  const auto under_test = make_state_under_test();
  const auto one = under_test->connect();
  const auto other = under_test->connect();
  record(one->last_seen(), {{kFirst, kNoon, 1}});
  record(other->last_seen(), {{kFirst, kNoon + 1s, 2}});
  CHECK(last_of(one->last_seen(), {kFirst})[0] == Sighting{kFirst, kNoon + 1s, 2});
}

TEST_CASE("a walk finds those last heard in its range, the oldest first") {
  const auto under_test = make_state_under_test();
  const auto state = under_test->connect();
  record(state->last_seen(),
         {{kFirst, kNoon, 1}, {kSecond, kNoon - 1h, 2}, {DeviceId{5}, kNoon - 2h, 3}});
  const std::vector<Sighting> both{{DeviceId{5}, kNoon - 2h, 3}, {kSecond, kNoon - 1h, 2}};
  CHECK(walk(state->last_seen(), WallTime{}, kNoon) == both);
  CHECK(walk(state->last_seen(), WallTime::min(), kNoon) == both);
  CHECK(walk(state->last_seen(), kNoon - 1h, kNoon).size() == 1);
  CHECK(walk(state->last_seen(), kNoon + 1ms, kNoon + 1h).empty());
  CHECK(walk(state->last_seen(), kNoon, kNoon).empty());
}

TEST_CASE("a walk finds each of many devices once, also those of one instant") {
  const auto under_test = make_state_under_test();
  const auto state = under_test->connect();
  std::vector<Sighting> heard;
  for (std::uint64_t i = 0; i < 12'000; ++i)
    heard.push_back({DeviceId{i}, i < 6'000 ? kNoon : kNoon + std::chrono::milliseconds{i}, 1});
  record(state->last_seen(), heard);
  auto found = walk(state->last_seen(), WallTime{}, kNoon + 1h);
  std::sort(found.begin(), found.end(),
            [](const Sighting& a, const Sighting& b) { return a.device < b.device; });
  CHECK(found.size() == heard.size());
  CHECK(std::equal(found.begin(), found.end(), heard.begin(), heard.end()));
}

TEST_CASE("a store keeps the time of its birth, and gets another one when it lost everything") {
  const auto under_test = make_state_under_test();
  StoreBirth first;
  {
    const auto state = under_test->connect();
    first = birth_of(state->last_seen(), kNoon);
    CHECK(first.at == kNoon);
    CHECK_FALSE(first.id.empty());
    CHECK(birth_of(state->last_seen(), kNoon + 1h) == first);
  }
  under_test->restart();
  CHECK(birth_of(under_test->connect()->last_seen(), kNoon + 2h) == first);
  under_test->lose_everything();
  const StoreBirth second = birth_of(under_test->connect()->last_seen(), kNoon + 3h);
  CHECK(second.at == kNoon + 3h);
  CHECK(second.id != first.id);
}

TEST_CASE("a time that a store could not order is refused") {
  const auto under_test = make_state_under_test();
  const auto state = under_test->connect();
  for (const Sighting& bad :
       {Sighting{kFirst, WallTime{-1ms}, 0},
        Sighting{kFirst, from_millis(std::int64_t{1} << 43), 0}, Sighting{kFirst, kNoon, 1024}}) {
    const Status refused = state->last_seen().record(std::vector{Sighting{kSecond, kNoon, 1}, bad});
    REQUIRE_FALSE(refused);
    CHECK(refused.error().kind == ErrorKind::kInvalid);
  }
  CHECK(state->last_seen().count_devices().value() == 0);
}

TEST_CASE("one alert of a device and kind is granted, and others less than an hour away are not") {
  const auto under_test = make_state_under_test();
  const auto state = under_test->connect();
  AlertLedger& ledger = state->alert_ledger();
  CHECK(claim_hot(ledger, kNoon, "a") == kYours);
  CHECK(claim_hot(ledger, kNoon + 1h - 1ms, "b") == kTaken);
  CHECK(claim_hot(ledger, kNoon - 1h + 1ms, "c") == kTaken);
  CHECK(claim_hot(ledger, kNoon, "d") == kTaken);
  CHECK(claim_hot(ledger, kNoon + 1h, "e") == kYours);
  CHECK(claim_hot(ledger, kNoon - 1h, "f") == kYours);
}

TEST_CASE("a claim that was granted is granted again, after others and after a restart") {
  const auto under_test = make_state_under_test();
  {
    const auto state = under_test->connect();
    CHECK(claim_hot(state->alert_ledger(), kNoon, "a") == kYours);
    CHECK(claim_hot(state->alert_ledger(), kNoon + 90min, "b") == kYours);
    CHECK(claim_hot(state->alert_ledger(), kNoon, "a") == kYours);
  }
  under_test->restart();
  const auto state = under_test->connect();
  CHECK(claim_hot(state->alert_ledger(), kNoon, "a") == kYours);
  CHECK(claim_hot(state->alert_ledger(), kNoon + 1min, "c") == kTaken);
}

TEST_CASE("devices and kinds do not take each other's hour") {
  const auto under_test = make_state_under_test();
  const auto state = under_test->connect();
  CHECK(claim(state->alert_ledger(), {{kFirst, AlertKind::kTooHot, kNoon, "a"},
                                      {kFirst, AlertKind::kTooCold, kNoon, "b"},
                                      {kSecond, AlertKind::kTooHot, kNoon, "c"},
                                      {kFirst, AlertKind::kLowBattery, kNoon, "d"}}) ==
        std::vector{kYours, kYours, kYours, kYours});
}

TEST_CASE("a later claim of a batch sees the earlier ones") {
  const auto under_test = make_state_under_test();
  const auto one = under_test->connect();
  const auto other = under_test->connect();
  CHECK(claim(one->alert_ledger(), {{kFirst, AlertKind::kTooHot, kNoon, "a"},
                                    {kFirst, AlertKind::kTooHot, kNoon + 1min, "b"},
                                    {kFirst, AlertKind::kTooHot, kNoon, "a"}}) ==
        std::vector{kYours, kTaken, kYours});
  CHECK(claim_hot(other->alert_ledger(), kNoon + 2min, "c") == kTaken);
  CHECK(claim(one->alert_ledger(), {}).empty());
}

TEST_CASE("claims older than what the ledger remembers are refused") {
  const auto under_test = make_state_under_test();
  const auto state = under_test->connect();
  AlertLedger& ledger = state->alert_ledger();
  CHECK(claim_hot(ledger, kNoon, "a") == kYours);
  CHECK(claim_hot(ledger, kNoon + 48h, "b") == kYours);
  CHECK(claim_hot(ledger, kNoon, "a") == kYours);  // just remembered
  CHECK(claim_hot(ledger, kNoon - 2h, "c") == kTaken);
  CHECK(claim_hot(ledger, kNoon + 49h + 1ms, "d") == kYours);
  CHECK(claim_hot(ledger, kNoon, "a") == kTaken);
}

TEST_CASE("a claim without an id, or with one that is too long, is refused and grants nothing") {
  const auto under_test = make_state_under_test();
  const auto state = under_test->connect();
  std::vector<ClaimAnswer> answers;
  for (const std::string& id : {std::string{}, std::string(201, 'x')}) {
    const std::vector<AlertClaim> claims{{kFirst, AlertKind::kTooHot, kNoon, "a"},
                                         {kSecond, AlertKind::kTooHot, kNoon, id}};
    const Status refused = state->alert_ledger().claim(claims, answers);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().kind == ErrorKind::kInvalid);
  }
  CHECK(claim_hot(state->alert_ledger(), kNoon + 1min, "b") == kYours);
}

TEST_CASE("an alert that was told is known as told after a restart, and no other is") {
  const auto under_test = make_state_under_test();
  const std::vector<AlertName> alerts{{kFirst, AlertKind::kSilent, kNoon},
                                      {kFirst, AlertKind::kSilent, kNoon + 1ms},
                                      {kFirst, AlertKind::kBack, kNoon},
                                      {kSecond, AlertKind::kSilent, kNoon}};
  {
    const auto state = under_test->connect();
    CHECK(told(state->alert_ledger(), alerts) == std::vector(4, ToldAnswer::kNotTold));
    mark_told(state->alert_ledger(), {alerts[0], alerts[0]});
    mark_told(state->alert_ledger(), {alerts[0]});
  }
  under_test->restart();
  const auto state = under_test->connect();
  const auto answers = told(state->alert_ledger(), alerts);
  CHECK(answers == std::vector{ToldAnswer::kTold, ToldAnswer::kNotTold, ToldAnswer::kNotTold,
                               ToldAnswer::kNotTold});
  CHECK(told(state->alert_ledger(), {}).empty());
}

TEST_CASE("of the alerts told of a device and kind the newest are remembered, in whatever order") {
  const auto under_test = make_state_under_test();
  const auto state = under_test->connect();
  AlertLedger& ledger = state->alert_ledger();
  const auto at = [](std::size_t i) { return AlertName{kFirst, AlertKind::kBack, kNoon + i * 1h}; };
  std::vector<AlertName> many;
  for (std::size_t i = AlertLedger::kToldKept + 2; i > 0; --i)
    many.push_back(at(i));
  mark_told(ledger, many);
  mark_told(ledger, {at(0)});
  mark_told(ledger, {{kSecond, AlertKind::kBack, kNoon}});
  const auto answers = told(ledger, {at(0),
                                     at(1),
                                     at(2),
                                     at(3),
                                     at(AlertLedger::kToldKept + 2),
                                     {kSecond, AlertKind::kBack, kNoon}});
  CHECK(answers == std::vector{ToldAnswer::kNotTold, ToldAnswer::kNotTold, ToldAnswer::kNotTold,
                               ToldAnswer::kTold, ToldAnswer::kTold, ToldAnswer::kTold});
}

TEST_CASE("an alert of a time that a store could not order is not marked as told") {
  const auto under_test = make_state_under_test();
  const auto state = under_test->connect();
  const std::vector<AlertName> alerts{{kFirst, AlertKind::kBack, kNoon},
                                      {kFirst, AlertKind::kBack, WallTime{-1ms}}};
  const Status refused = state->alert_ledger().mark_told(alerts);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().kind == ErrorKind::kInvalid);
  CHECK(told(state->alert_ledger(), {alerts[0]}) == std::vector{ToldAnswer::kNotTold});
}

TEST_CASE("a silence begins once, and is known after a restart") {
  const auto under_test = make_state_under_test();
  {
    const auto state = under_test->connect();
    CHECK_FALSE(silence_of(state->silent_set(), kFirst).has_value());
    begin(state->silent_set(), {{kFirst, kNoon, {}}});
    begin(state->silent_set(), {{kFirst, kNoon, {}}, {kFirst, kNoon - 1h, {}}});
  }
  under_test->restart();
  const auto state = under_test->connect();
  CHECK(silence_of(state->silent_set(), kFirst) == Silence{kFirst, kNoon, {}});
  CHECK_FALSE(silence_of(state->silent_set(), kSecond).has_value());
  CHECK(state->silent_set().count_silences()->silent == 1);
  CHECK(state->silent_set().count_silences()->ended == 0);
}

TEST_CASE("the reading that ended a silence is told so again, and no other") {
  const auto under_test = make_state_under_test();
  {
    const auto state = under_test->connect();
    begin(state->silent_set(), {{kFirst, kNoon, {}}});
    CHECK(end(state->silent_set(), {kFirst, kNoon, kPlace}) == EndAnswer::kYours);
    CHECK(end(state->silent_set(), {kFirst, kNoon, kOtherPlace}) == EndAnswer::kTaken);
  }
  under_test->restart();
  const auto state = under_test->connect();
  CHECK(end(state->silent_set(), {kFirst, kNoon, kPlace}) == EndAnswer::kYours);
  CHECK(silence_of(state->silent_set(), kFirst) == Silence{kFirst, kNoon, kPlace});
  CHECK(state->silent_set().count_silences()->silent == 0);
  CHECK(state->silent_set().count_silences()->ended == 1);
}

TEST_CASE("an ended silence does not begin again, but a newer one does") {
  const auto under_test = make_state_under_test();
  const auto state = under_test->connect();
  SilentSet& silent = state->silent_set();
  begin(silent, {{kFirst, kNoon, {}}});
  CHECK(end(silent, {kFirst, kNoon, kPlace}) == EndAnswer::kYours);
  begin(silent, {{kFirst, kNoon, {}}});
  CHECK(silence_of(silent, kFirst)->ended_by == kPlace);
  begin(silent, {{kFirst, kNoon + 1h, {}}});
  CHECK(silence_of(silent, kFirst) == Silence{kFirst, kNoon + 1h, {}});
  CHECK(end(silent, {kFirst, kNoon, kPlace}) == EndAnswer::kTaken);
  CHECK(silent.count_silences()->silent == 1);
  CHECK(silent.count_silences()->ended == 0);
}

TEST_CASE("a silence that nobody noticed ends as it begins") {
  const auto under_test = make_state_under_test();
  const auto state = under_test->connect();
  CHECK(end(state->silent_set(), {kFirst, kNoon, kPlace}) == EndAnswer::kYours);
  CHECK(end(state->silent_set(), {kFirst, kNoon, kOtherPlace}) == EndAnswer::kTaken);
  CHECK(silence_of(state->silent_set(), kFirst) == Silence{kFirst, kNoon, kPlace});
}

TEST_CASE("silences that are brought with their end have ended") {
  const auto under_test = make_state_under_test();
  const auto state = under_test->connect();
  begin(state->silent_set(), {{kFirst, kNoon, kPlace}});
  CHECK(silence_of(state->silent_set(), kFirst) == Silence{kFirst, kNoon, kPlace});
  CHECK(state->silent_set().count_silences()->ended == 1);
}

TEST_CASE("old silences are forgotten once they have ended, and not before") {
  const auto under_test = make_state_under_test();
  const auto state = under_test->connect();
  SilentSet& silent = state->silent_set();
  begin(silent, {{kFirst, kNoon, {}}, {kSecond, kNoon, {}}, {DeviceId{3}, kNoon + 1h, kPlace}});
  CHECK(end(silent, {kFirst, kNoon, kPlace}) == EndAnswer::kYours);
  REQUIRE(silent.forget_ended(kNoon + 1h).message() == "");
  CHECK_FALSE(silence_of(silent, kFirst).has_value());
  CHECK(silence_of(silent, kSecond).has_value());
  CHECK(silence_of(silent, DeviceId{3}).has_value());
}

TEST_CASE("more old silences than are forgotten in one go are all forgotten") {
  const auto under_test = make_state_under_test();
  const auto state = under_test->connect();
  std::vector<Silence> many;
  for (std::uint64_t i = 0; i < 2'500; ++i)
    many.push_back({DeviceId{i}, kNoon, kPlace});
  begin(state->silent_set(), many);
  REQUIRE(state->silent_set().forget_ended(kNoon + 1ms).message() == "");
  CHECK(state->silent_set().count_silences()->ended == 0);
}

TEST_CASE("whatever is done to it, a state answers as the naive model does") {
  constexpr std::uint64_t kSeeds = 8;
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    testing::Dice dice{seed};
    testing::NaiveState naive;
    const auto model = naive.connect();
    const auto under_test = make_state_under_test();
    auto state = under_test->connect();
    for (int step = 0; step < 400; ++step) {
      if (dice.one_in(100)) {
        state.reset();
        under_test->restart();
        state = under_test->connect();
      }
      INFO("seed " << seed << ", step " << step);
      REQUIRE(testing::disagreement(dice, *model, *state) == "");
    }
  }
}

}  // namespace bora::coldchain
