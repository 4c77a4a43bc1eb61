#include "bolts/notifier/notifier_bolt.hpp"

#include <algorithm>
#include <chrono>
#include <deque>
#include <memory>
#include <set>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "bora/testing/bolt_tester.hpp"

using namespace bora;
using namespace bora::notify;
using bora::testing::BoltTester;

namespace {

using Texts = std::vector<std::string>;

/// What the world behind the notifier does; outlives it.
struct Fake {
  std::size_t room = 4;
  bool answers_at_once = true;
  bool answers_when_waited_for = false;
  Status on_send;     // what send() says
  Status on_outcome;  // what becomes of what it took
  Texts sent;
  Texts traceparents;  // of what was sent
  std::deque<Notifier::Tag> open;
  std::vector<Notifier::Outcome> outcomes;
  std::function<void()> wake;
  int flushes_that_waited = 0;

  void answer_one() {
    outcomes.push_back({open.front(), on_outcome});
    open.pop_front();
  }
  void answer_all() {
    while (!open.empty())
      answer_one();
    if (wake) wake();
  }
};

class FakeNotifier final : public Notifier {
 public:
  explicit FakeNotifier(Fake& fake) : fake_(fake) {}
  [[nodiscard]] bool has_room() const override {
    return fake_.open.size() + fake_.outcomes.size() < fake_.room;
  }
  Status send(Notification notification, Tag tag) override {
    if (!fake_.on_send) return fake_.on_send;
    fake_.sent.push_back(notification.key);
    fake_.traceparents.push_back(notification.traceparent);
    fake_.open.push_back(tag);
    if (fake_.answers_at_once) fake_.answer_all();
    return {};
  }
  std::size_t poll(std::vector<Outcome>& out) override {
    const std::size_t count = fake_.outcomes.size();
    out.insert(out.end(), fake_.outcomes.begin(), fake_.outcomes.end());
    fake_.outcomes.clear();
    return count;
  }
  void flush(std::chrono::milliseconds timeout) override {
    if (timeout.count() == 0) return;
    ++fake_.flushes_that_waited;
    if (fake_.answers_when_waited_for) fake_.answer_all();
  }
  void on_outcome(std::function<void()> wake) override { fake_.wake = std::move(wake); }
  [[nodiscard]] std::vector<Gauge> gauges() const override {
    return {{"fake_number", Gauge::Kind::kLevel, 42}};
  }

 private:
  Fake& fake_;
};

/// A store of marks that can be away; outlives those who use it.
struct Marks {
  std::set<std::string> told;
  bool is_away = false;
  int calls_to_mark = 0;
};

class FakeMarks final : public ToldMarks<std::string> {
 public:
  explicit FakeMarks(Marks& marks) : marks_(marks) {}
  Result<Told> find(const std::string& text) override {
    if (marks_.is_away) return Error{ErrorKind::kUnavailable, "no store"};
    return marks_.told.count(text) != 0 ? Told::kYes : Told::kNo;
  }
  Status mark(std::span<const std::string> told) override {
    if (marks_.is_away) return {ErrorKind::kUnavailable, "no store"};
    ++marks_.calls_to_mark;
    marks_.told.insert(told.begin(), told.end());
    return {};
  }

 private:
  Marks& marks_;
};

using TextBolt = NotifierBolt<std::string>;

auto bolt_of(Fake& fake, NotifierBoltOptions options = {}) {
  return [&fake, options] {
    return TextBolt{
        [&fake](const Clock&, std::uint32_t) { return std::make_unique<FakeNotifier>(fake); },
        [](const std::string& text) {
          if (text == "!") throw Permanent("nothing to say");
          return Notification{.key = text};
        },
        options};
  };
}

auto marking_bolt_of(Fake& fake, Marks& marks) {
  return [&fake, &marks] {
    return TextBolt{
        [&fake](const Clock&, std::uint32_t) { return std::make_unique<FakeNotifier>(fake); },
        [](const std::string& text) { return Notification{.key = text}; },
        {},
        [&marks] { return std::make_unique<FakeMarks>(marks); }};
  };
}

}  // namespace

TEST_CASE("notifier bolt: a tuple goes on and is acked when it was told, and not before") {
  Fake fake;
  fake.answers_at_once = false;
  BoltTester t{bolt_of(fake)};
  const auto fed = t.feed("a");
  CHECK(fed.pending());
  CHECK(t.emitted().empty());
  fake.answer_all();
  t.run();
  CHECK(fed.acked());
  CHECK(t.emitted() == Texts{"a"});
  CHECK(t.bolt().stats().told.get() == 1);
}

TEST_CASE("notifier bolt: a tuple is done only when what was emitted for it is") {
  Fake fake;
  BoltTester t{bolt_of(fake)};
  t.hold_emitted();
  const auto fed = t.feed("a");
  CHECK(fed.pending());
  t.ack_emitted();
  CHECK(fed.acked());
}

TEST_CASE(
    "notifier bolt: what could not be told fails as unavailable, and is told when it comes again") {
  Fake fake;
  fake.on_outcome = {ErrorKind::kUnavailable, "answered 503"};
  BoltTester t{bolt_of(fake)};
  const auto fed = t.feed("a");
  REQUIRE(fed.failed());
  CHECK(fed.failure().kind == FailureKind::kUnavailable);
  CHECK(fed.failure().reason == "answered 503");
  CHECK(t.emitted().empty());
  fake.on_outcome = {};
  CHECK(t.feed("a").acked());
  CHECK(fake.sent == Texts{"a", "a"});
}

TEST_CASE("notifier bolt: a notifier at rest fails tuples as unavailable without a wait") {
  Fake fake;
  fake.on_send = {ErrorKind::kUnavailable, "at rest"};
  BoltTester t{bolt_of(fake)};
  const auto fed = t.feed("a");
  REQUIRE(fed.failed());
  CHECK(fed.failure().kind == FailureKind::kUnavailable);
  CHECK(fake.flushes_that_waited == 0);
  fake.on_send = {};
  CHECK(t.feed("a").acked());
}

TEST_CASE("notifier bolt: what is refused fails as permanent, or goes on with the reason") {
  for (const bool at_send : {true, false}) {
    INFO(at_send);
    Fake fake;
    (at_send ? fake.on_send : fake.on_outcome) = {ErrorKind::kInvalid, "no such phone"};
    {
      BoltTester t{bolt_of(fake)};
      const auto fed = t.feed("a");
      REQUIRE(fed.failed());
      CHECK(fed.failure().kind == FailureKind::kPermanent);
      CHECK(fed.failure().reason == "no such phone");
    }
    BoltTester t{bolt_of(fake, {.on_refusal = OnRefusal::kEmit}), &TextBolt::refused};
    CHECK(t.feed("a").acked());
    CHECK(t.emitted() == Texts{"a"});
    const auto& refused = t.emitted(&TextBolt::refused);
    REQUIRE(refused.size() == 1);
    CHECK(refused[0].tuple == "a");
    CHECK(refused[0].reason == "no such phone");
    CHECK(t.bolt().stats().refused.get() == 1);
  }
}

TEST_CASE(
    "notifier bolt: a key that is under way is not sent again, and its outcome is everybody's") {
  Fake fake;
  fake.answers_at_once = false;
  BoltTester t{bolt_of(fake)};
  const auto fed = t.feed_all({"a", "a", "b"});
  CHECK(fake.sent == Texts{"a", "b"});
  fake.answer_all();
  t.run();
  for (const auto& one : fed)
    CHECK(one.acked());
  CHECK(t.emitted() == Texts{"a", "a", "b"});
}

TEST_CASE("notifier bolt: a key that was told lately goes on without being sent again") {
  Fake fake;
  BoltTester t{bolt_of(fake, {.remembered = 1})};
  t.feed_all({"a", "a"});
  CHECK(fake.sent == Texts{"a"});
  CHECK(t.emitted() == Texts{"a", "a"});
  t.feed("b");
  t.feed("a");
  CHECK(fake.sent == Texts{"a", "b", "a"});
}

TEST_CASE(
    "notifier bolt: without room it waits once, and then fails at once until something is "
    "answered") {
  Fake fake;
  fake.room = 1;
  fake.answers_at_once = false;
  BoltTester t{bolt_of(fake)};
  const auto fed = t.feed_all({"a", "b", "c"});
  CHECK(fake.flushes_that_waited == 1);
  CHECK(fed[0].pending());
  for (const std::size_t i : {1U, 2U}) {
    REQUIRE(fed[i].failed());
    CHECK(fed[i].failure().kind == FailureKind::kUnavailable);
  }
  fake.answer_all();
  t.run();
  CHECK(fed[0].acked());
  CHECK(t.feed("b").pending());
}

TEST_CASE("notifier bolt: what it cannot find words for fails alone") {
  Fake fake;
  BoltTester t{bolt_of(fake)};
  const auto fed = t.feed_all({"!", "a"});
  REQUIRE(fed[0].failed());
  CHECK(fed[0].failure().kind == FailureKind::kPermanent);
  CHECK(fed[1].acked());
}

TEST_CASE("notifier bolt: when it closes it waits for what is under way, but not for ever") {
  for (const bool answers : {true, false}) {
    INFO(answers);
    Fake fake;
    fake.answers_at_once = false;
    fake.answers_when_waited_for = answers;
    BoltTester t{bolt_of(fake)};
    t.feed("a");
    t.close();
    CHECK(fake.flushes_that_waited == (answers ? 1 : 50));
    CHECK(t.bolt().stats().told.get() == (answers ? 1 : 0));
  }
}

TEST_CASE("notifier bolt: its notifier's numbers are among its own") {
  Fake fake;
  BoltTester t{bolt_of(fake)};
  t.feed("a");
  const auto gauges = t.bolt().gauges();
  REQUIRE(gauges.size() == 8);
  CHECK(gauges.front().name == "told_notifications");
  CHECK(gauges.front().value == 1);
  CHECK(gauges.back().name == "fake_number");
}

TEST_CASE("notifier bolt: what was told and marked is not told again after a crash, and goes on") {
  Fake fake;
  Marks marks;
  {
    BoltTester t{marking_bolt_of(fake, marks)};
    t.hold_emitted();
    CHECK(t.feed("a").pending());
    CHECK(marks.told == std::set<std::string>{"a"});  // before it is done
  }
  BoltTester t{marking_bolt_of(fake, marks)};
  CHECK(t.feed("a").acked());
  CHECK(t.emitted() == Texts{"a"});
  CHECK(fake.sent == Texts{"a"});
  CHECK(t.bolt().stats().repeated.get() == 1);
}

TEST_CASE("notifier bolt: what was not told, or refused, is not marked") {
  Fake fake;
  Marks marks;
  BoltTester t{marking_bolt_of(fake, marks)};
  fake.on_outcome = {ErrorKind::kUnavailable, "answered 503"};
  CHECK(t.feed("a").failed());
  fake.on_outcome = {ErrorKind::kInvalid, "answered 400"};
  CHECK(t.feed("b").failed());
  CHECK(marks.told.empty());
}

TEST_CASE("notifier bolt: nothing is sent while it cannot be looked up who was told") {
  Fake fake;
  Marks marks;
  marks.is_away = true;
  BoltTester t{marking_bolt_of(fake, marks)};
  const auto fed = t.feed("a");
  REQUIRE(fed.failed());
  CHECK(fed.failure().kind == FailureKind::kUnavailable);
  CHECK(fake.sent.empty());
  marks.is_away = false;
  CHECK(t.feed("a").acked());
}

TEST_CASE("notifier bolt: what was told and could not be marked holds others back until it is") {
  Fake fake;
  fake.answers_at_once = false;
  Marks marks;
  BoltTester t{marking_bolt_of(fake, marks)};
  const auto told = t.feed("a");
  marks.is_away = true;
  fake.answer_all();
  t.run();
  REQUIRE(told.failed());
  CHECK(told.failure().kind == FailureKind::kUnavailable);
  CHECK(t.bolt().stats().unmarked.get() == 1);
  CHECK(t.feed("b").failed());
  CHECK(fake.sent == Texts{"a"});

  marks.is_away = false;
  CHECK(t.feed("a").acked());
  CHECK(marks.told == std::set<std::string>{"a"});
  CHECK(t.emitted() == Texts{"a"});
  const auto other = t.feed("b");
  fake.answer_all();
  t.run();
  CHECK(other.acked());
  CHECK(fake.sent == Texts{"a", "b"});
}

TEST_CASE("notifier bolt: those told together are marked together") {
  Fake fake;
  fake.answers_at_once = false;
  Marks marks;
  BoltTester t{marking_bolt_of(fake, marks)};
  const auto a = t.feed("a");
  const auto b = t.feed("b");
  fake.answer_all();
  t.run();
  CHECK(a.acked());
  CHECK(b.acked());
  CHECK(marks.calls_to_mark == 1);
  CHECK(marks.told == std::set<std::string>{"a", "b"});
}

TEST_CASE("notifier bolt: without a notifier it does not open") {
  CHECK_THROWS_WITH((BoltTester{[] { return TextBolt{{}, {}}; }}), Catch::Contains("give it both"));
}

TEST_CASE("Notifier bolt: a notification of a traced message carries its trace, another none") {
  struct Spans final : SpanSink {
    void take(Span span) noexcept override { all.push_back(std::move(span)); }
    std::vector<Span> all;
  } spans;
  Fake traced;
  BoltTester<TextBolt> tester{{.engine = {.spans = &spans, .trace_share = 1}}, bolt_of(traced)};
  tester.feed("a");
  const auto executed = std::find_if(spans.all.begin(), spans.all.end(), [](const Span& span) {
    return span.component == "bolt" && span.kind == Span::Kind::kExecute;
  });
  REQUIRE(executed != spans.all.end());
  CHECK(traced.traceparents == Texts{to_traceparent(executed->at)});

  Fake untraced;
  BoltTester<TextBolt> other{bolt_of(untraced)};
  other.feed("a");
  CHECK(untraced.traceparents == Texts{""});
}
