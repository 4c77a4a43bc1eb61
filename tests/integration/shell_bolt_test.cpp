// ShellBolt with children that do as they should, and with children that do not.

#include "bolts/shell_bolt.hpp"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <mutex>
#include <string>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "bora/testing/bolt_tester.hpp"
#include "bora/testing/stepped_topology.hpp"
#include "connectors/multilang/codec.hpp"
#include "connectors/multilang/direct.hpp"
#include "support/child_places.hpp"
#include "support/engine_components.hpp"
#include "support/temporary_directory.hpp"

using namespace bora;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using multilang::Value;
using multilang::Values;

namespace {

using Number = std::int64_t;
using Bolt = ShellBolt<Number, Number>;
using Tester = testing::BoltTester<Bolt>;

/// What children had to say, taken on their threads.
struct Log {
  void add(multilang::LogLevel, std::string_view text) {
    const std::lock_guard lock(mutex);
    lines.emplace_back(text);
  }
  [[nodiscard]] std::string text() {
    const std::lock_guard lock(mutex);
    std::string all;
    for (const std::string& line : lines)
      all += line + '\n';
    return all;
  }
  std::mutex mutex;
  std::vector<std::string> lines;
};

Result<Number> number_of(const Values& values) {
  const auto* number = values.size() == 1 ? std::get_if<Number>(&values.front()) : nullptr;
  if (number == nullptr) return Error{ErrorKind::kInvalid, "one integer is expected"};
  return *number;
}

ShellBoltOptions options_for(std::vector<std::string> words, Log& log) {
  ShellBoltOptions options;
  options.child.process.command = {"python3", BORA_MULTILANG_CHILD};
  for (std::string& word : words)
    options.child.process.command.push_back(std::move(word));
  options.child.restart = {.first_backoff = 10ms, .max_backoff = 50ms};
  options.child.stop_grace = 100ms;
  options.child.heartbeat_interval = 20ms;
  options.child.on_log = [&log](auto level, auto text) { log.add(level, text); };
  options.input = {.component = "numbers", .fields = {"n"}};
  options.max_wait = 200ms;
  return options;
}

std::function<std::unique_ptr<Bolt>()> bolt_of(ShellBoltOptions options) {
  return [options = std::move(options)] {
    return std::make_unique<Bolt>(
        options, [](const Number& n) { return Values{n}; }, std::vector<std::string>{"n"},
        number_of);
  };
}

/// Lets the child, the bolt and its clock go on until `is_done`. False when that takes a minute.
bool until(Tester& tester, const std::function<bool()>& is_done,
           std::chrono::milliseconds step = 0ms) {
  const auto end = std::chrono::steady_clock::now() + 60s;
  while (!is_done()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(1ms);
    if (step.count() > 0) tester.advance(step);
    tester.run();
  }
  return true;
}
bool all_acked(const std::vector<testing::Fed>& fed) {
  return std::all_of(fed.begin(), fed.end(), [](const auto& one) { return one.acked(); });
}
bool all_settled(const std::vector<testing::Fed>& fed) {
  return std::none_of(fed.begin(), fed.end(), [](const auto& one) { return one.pending(); });
}

std::vector<Number> numbers(Number first, Number last) {
  std::vector<Number> all;
  for (Number n = first; n <= last; ++n)
    all.push_back(n);
  return all;
}

std::string failure_to_open(ShellBoltOptions options) {
  try {
    Tester tester{bolt_of(std::move(options))};
  } catch (const std::exception& e) {
    return e.what();
  }
  return "it opened";
}

/// Also when it is a zombie.
bool has_children() {
  ::siginfo_t info{};
  return ::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 || errno != ECHILD;
}

std::size_t open_descriptors() {
  const std::filesystem::directory_iterator all{"/proc/self/fd"};
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

using test::lines_of;
using test::Names;
using test::Places;
using test::places_in;

/// Numbers, a shell bolt, and witnesses of where its tuples go.
class Aim {
 public:
  Aim(ShellBoltOptions options, std::vector<Number> numbers, std::uint32_t tasks)
      : feed_(test::feed_of<Number>(std::move(numbers))),
        shell_(builder_.bolt("shell", bolt_of(std::move(options)), {.tasks = tasks})) {
    auto source =
        builder_.spout("numbers", [feed = feed_] { return test::FeedSpout<Number>{feed}; });
    shell_.shuffle(source);
  }
  BoltHandle<test::Witness> witness(const std::string& name, std::uint32_t tasks) {
    return builder_.bolt(name, [seen = seen_] { return test::Witness{seen}; }, {.tasks = tasks});
  }
  void discard() { builder_.discard(shell_); }
  [[nodiscard]] const BoltHandle<Bolt>& shell() const { return shell_; }
  /// Until it is known of every number what became of it. False when that takes a minute.
  bool run() {
    const std::size_t fed = feed_->waiting.size();
    auto topology = testing::SteppedTopology::open(builder_.build().value(), clock_).value();
    const auto end = std::chrono::steady_clock::now() + 60s;
    while (feed_->verdicts() < fed && std::chrono::steady_clock::now() < end) {
      std::this_thread::sleep_for(1ms);
      topology->advance(1ms);
    }
    return feed_->verdicts() == fed;
  }
  [[nodiscard]] std::string failure_to_open() {
    const auto opened = testing::SteppedTopology::open(builder_.build().value(), clock_);
    return opened ? "it opened" : std::string{opened.status().message()};
  }
  [[nodiscard]] std::size_t acked() const { return feed_->acked.size(); }
  [[nodiscard]] const std::vector<Failure>& failed() const { return feed_->failed; }
  [[nodiscard]] Places seen() const { return test::sorted(*seen_); }

 private:
  testing::ManualClock clock_;
  test::FeedPtr<Number> feed_;
  std::shared_ptr<Places> seen_ = std::make_shared<Places>();
  TopologyBuilder builder_{"aim"};
  BoltHandle<Bolt> shell_;
};

}  // namespace

TEST_CASE("shell bolt: a child gets tuples, and what it emits and acks is done") {
  Log log;
  {
    Tester tester{bolt_of(options_for({}, log))};
    const auto fed = tester.feed_all(numbers(1, 500));
    CHECK(until(tester, [&] { return all_acked(fed); }));
    std::vector<Number> doubled;
    for (Number n = 1; n <= 500; ++n)
      doubled.push_back(2 * n);
    CHECK(tester.emitted() == doubled);
    CHECK(tester.errors().empty());
    CHECK(tester.bolt().stats().acked.get() == 500);
  }
  CHECK_THAT(log.text(), Contains("is ready, pid "));
  CHECK_FALSE(has_children());  // no zombie either
}

TEST_CASE("shell bolt: what a child emits goes on in the trace of the tuple it is anchored to") {
  struct Spans final : SpanSink {
    void take(Span span) noexcept override { all.push_back(std::move(span)); }
    [[nodiscard]] const Span* find(const std::string& component, Span::Kind kind) const {
      for (const Span& span : all)
        if (span.component == component && span.kind == kind) return &span;
      return nullptr;
    }
    std::vector<Span> all;
  } spans;
  Log log;
  testing::BoltTesterOptions options;
  options.engine.spans = &spans;
  options.engine.trace_share = 1;
  Tester tester{options, bolt_of(options_for({}, log))};
  const auto fed = tester.feed(1);
  REQUIRE(until(tester, [&] { return fed.acked(); }));
  const Span* const message = spans.find("probe", Span::Kind::kMessage);
  const Span* const bolt = spans.find("bolt", Span::Kind::kExecute);
  REQUIRE(message != nullptr);
  REQUIRE(bolt != nullptr);
  CHECK(bolt->parent == message->at.span);
  const auto behind = std::find_if(spans.all.begin(), spans.all.end(), [](const Span& span) {
    return span.kind == Span::Kind::kExecute && span.component != "bolt";
  });
  REQUIRE(behind != spans.all.end());
  CHECK(behind->at.trace == message->at.trace);
  CHECK(behind->parent == bolt->at.span);
}

TEST_CASE("shell bolt: a tuple is done when what was emitted for it is, too") {
  Log log;
  Tester tester{bolt_of(options_for({}, log))};
  tester.hold_emitted();
  const auto fed = tester.feed(1);
  REQUIRE(until(tester, [&] { return tester.bolt().stats().acked.get() == 1; }));
  CHECK(fed.pending());
  tester.ack_emitted();
  CHECK(fed.acked());
}

TEST_CASE("shell bolt: one emit is anchored to all the tuples that its child says") {
  Log log;
  Tester tester{bolt_of(options_for({"batch=3"}, log))};
  tester.hold_emitted();
  const auto fed = tester.feed_all({1, 2, 3});
  REQUIRE(until(tester, [&] { return tester.bolt().stats().acked.get() == 3; }));
  CHECK(tester.emitted() == std::vector<Number>{6});
  CHECK(std::all_of(fed.begin(), fed.end(), [](const auto& one) { return one.pending(); }));
  tester.ack_emitted();
  CHECK(all_acked(fed));
}

TEST_CASE("shell bolt: a tuple that the child fails has failed with the child's reason") {
  Log log;
  Tester tester{bolt_of(options_for({"fail-on=2"}, log))};
  const auto fed = tester.feed_all({1, 2, 3});
  REQUIRE(until(tester, [&] { return all_settled(fed); }));
  REQUIRE(fed[1].failed());
  CHECK(fed[1].failure().kind == FailureKind::kError);
  CHECK_THAT(fed[1].failure().reason, Contains("cannot do 2"));
  CHECK(fed[0].acked());
  CHECK(fed[2].acked());
}

TEST_CASE(
    "shell bolt: what is no tuple of the stream fails the tuple it is anchored to, for good") {
  Log log;
  Tester tester{bolt_of(options_for({"nonsense-on=2", "orphan-on=3", "double-ack-on=4"}, log))};
  const auto fed = tester.feed_all({1, 2, 3, 4, 5});
  REQUIRE(until(tester, [&] { return all_settled(fed); }));
  REQUIRE(until(tester, [&] { return tester.bolt().stats().errors.get() >= 4; }));
  REQUIRE(fed[1].failed());
  CHECK(fed[1].failure().kind == FailureKind::kPermanent);
  CHECK_THAT(fed[1].failure().reason, Contains("one integer is expected"));
  REQUIRE(fed[2].failed());
  CHECK_THAT(fed[2].failure().reason, Contains("'nowhere'") && Contains("not declare"));
  CHECK(fed[3].acked());
  CHECK(fed[4].acked());
  CHECK(tester.bolt().stats().deaths.get() == 0);
}

TEST_CASE(
    "shell bolt: a child that dies is started again, and only the tuple it was at has failed") {
  Log log;
  const testing::TemporaryDirectory directory;
  const std::string once = "once=" + (directory.path() / "died").string();
  Tester tester{bolt_of(options_for({"die-on=3", once}, log))};
  const auto fed = tester.feed_all({1, 2, 3, 4, 5});
  REQUIRE(until(tester, [&] { return all_settled(fed); }));
  CHECK(fed[0].acked());
  CHECK(fed[1].acked());
  REQUIRE(fed[2].failed());
  CHECK(fed[2].failure().kind == FailureKind::kError);
  CHECK_THAT(fed[2].failure().reason, Contains("exit code 3") && Contains("about to die of 3"));
  REQUIRE(fed[3].failed());
  CHECK(fed[3].failure().kind == FailureKind::kUnavailable);
  REQUIRE_FALSE(tester.errors().empty());
  CHECK_THAT(tester.errors()[0], Contains("exit code 3"));
  CHECK_THAT(log.text(), Contains("started again in"));

  // While it is down, tuples are sent back to where they came from; then it goes on.
  REQUIRE(until(
      tester, [&] { return tester.bolt().stats().up.get() == 1; }, 10ms));
  const auto again = tester.feed_all({3, 4, 5});
  CHECK(until(tester, [&] { return all_acked(again); }));
}

TEST_CASE("shell bolt: tuples that come while the child is down fail as unavailable at once") {
  Log log;
  Tester tester{bolt_of(options_for({"die-on=1"}, log))};
  const auto first = tester.feed(1);
  REQUIRE(until(tester, [&] { return first.failed(); }));
  const auto meanwhile = tester.feed(2);
  REQUIRE(meanwhile.failed());
  CHECK(meanwhile.failure().kind == FailureKind::kUnavailable);
  CHECK_THAT(meanwhile.failure().reason, Contains("started again") && Contains("exit code 3"));
}

TEST_CASE(
    "shell bolt: a child that hangs is killed after the time for heartbeats, and started again") {
  Log log;
  const testing::TemporaryDirectory directory;
  const std::string once = "once=" + (directory.path() / "hung").string();
  Tester tester{bolt_of(options_for({"hang-on=2", once, "stay"}, log))};
  const auto fed = tester.feed_all({1, 2, 3});
  REQUIRE(until(tester, [&] { return fed[0].acked(); }));
  CHECK(fed[1].pending());
  REQUIRE(until(
      tester, [&] { return all_settled(fed); }, 100ms));
  CHECK_THAT(fed[1].failure().reason, Contains("hangs") && Contains("30 s"));
  CHECK(fed[2].failure().kind == FailureKind::kUnavailable);
  REQUIRE(until(
      tester, [&] { return tester.bolt().stats().up.get() == 1; }, 10ms));
  const auto again = tester.feed_all({2, 3});
  CHECK(until(tester, [&] { return all_acked(again); }));
}

TEST_CASE("shell bolt: a child with nothing to do answers heartbeats; a mute one is replaced") {
  Log log;
  const testing::TemporaryDirectory directory;
  const auto told = directory.path() / "beats";
  Tester tester{bolt_of(options_for({"beats=" + told.string()}, log))};
  // Each step is shorter than the time in which it would be killed, all of them are longer.
  for (std::uintmax_t beats = 2; beats <= 10; ++beats) {
    tester.advance(10s);
    REQUIRE(until(tester, [&] {
      std::error_code missing;
      const auto size = std::filesystem::file_size(told, missing);
      return !missing && size >= beats;
    }));
  }
  CHECK(tester.bolt().stats().deaths.get() == 0);

  Tester mute{bolt_of(options_for({"mute"}, log))};
  REQUIRE(until(
      mute, [&] { return mute.bolt().stats().deaths.get() > 0; }, 100ms));
  CHECK_THAT(mute.errors().front(), Contains("hangs"));
}

TEST_CASE("shell bolt: garbage on standard output is quoted, and the child is started again") {
  Log log;
  const testing::TemporaryDirectory directory;
  const std::string once = "once=" + (directory.path() / "garbage").string();
  Tester tester{bolt_of(options_for({"garbage-on=2", once}, log))};
  const auto fed = tester.feed_all({1, 2, 3});
  REQUIRE(until(tester, [&] { return all_settled(fed); }));
  CHECK_THAT(fed[1].failure().reason, Contains("Processing 2 now") && Contains("no message"));
  REQUIRE(until(
      tester, [&] { return tester.bolt().stats().up.get() == 1; }, 10ms));
  const auto again = tester.feed_all({2, 3});
  CHECK(until(tester, [&] { return all_acked(again); }));
}

TEST_CASE(
    "shell bolt: a child has at most max_pending tuples; one that is done with none is not fed") {
  Log log;
  auto options = options_for({"hold"}, log);
  options.max_pending = 5;
  Tester tester{bolt_of(options)};
  const auto began = std::chrono::steady_clock::now();
  const auto fed = tester.feed_all(numbers(1, 50));
  CHECK(tester.bolt().stats().pending.get() == 5);
  CHECK(tester.bolt().stats().waits.get() == 1);  // and not once for each of 45
  CHECK(fed[4].pending());
  REQUIRE(fed[5].failed());
  CHECK(fed[5].failure().kind == FailureKind::kUnavailable);
  CHECK(std::chrono::steady_clock::now() - began < 10s);
}

TEST_CASE("shell bolt: a child that floods has to wait, and loses nothing") {
  Log log;
  auto options = options_for({"flood=2000", "noisy=20000"}, log);
  options.child.max_waiting_bytes = 16 << 10;
  Tester tester{bolt_of(options)};
  CHECK(until(tester, [&] { return tester.emitted().size() == 2000; }));
  const auto fed = tester.feed(1);
  CHECK(until(tester, [&] { return fed.acked(); }));
  CHECK(tester.emitted().back() == 2);
  const std::lock_guard lock(log.mutex);
  CHECK(log.lines.size() < 1000);
}

TEST_CASE("multilang child: it is read no further than its owner takes what it says") {
  Log log;
  auto options = options_for({"flood=2000"}, log).child;
  options.max_waiting_bytes = 16 << 10;
  const SystemClock clock;
  multilang::Child child{multilang::Role::kBolt, options, {}, clock};
  REQUIRE(child.start([] {}).is_ok());
  std::size_t emits = 0;
  std::size_t most_at_once = 0;
  bool is_first = true;
  while (emits < 2000 && child.wait(60s)) {
    std::this_thread::sleep_for(5ms);  // time enough for more, if there were room
    std::vector<multilang::ChildEvent> events;
    const std::size_t count = child.poll(events);
    // The first has what start() took on its way, too, which made room for as much again.
    if (!std::exchange(is_first, false)) most_at_once = std::max(most_at_once, count);
    for (const multilang::ChildEvent& event : events)
      emits += std::holds_alternative<multilang::ChildMessage>(event.what) ? 1 : 0;
  }
  CHECK(emits == 2000);
  // Each message is a kB: 16 of them, and one read of 64 KiB more.
  CHECK(most_at_once <= 81);
}

TEST_CASE("shell bolt: a child is told of every task that got a tuple, whatever the grouping") {
  Log log;
  const testing::TemporaryDirectory directory;
  const std::string ids = (directory.path() / "ids").string();
  const std::string groupings = (directory.path() / "groupings").string();
  Aim aim{options_for({"ids=" + ids, "burst=3", "groupings=" + groupings}, log), numbers(1, 40), 2};
  aim.witness("spread", 3).shuffle(aim.shell());
  aim.witness("keyed", 4).fields(aim.shell(), [](Number n) { return n % 10; });
  aim.witness("each", 2).all(aim.shell());
  aim.witness("first", 2).global(aim.shell());
  aim.witness("near", 2).local(aim.shell());
  aim.witness("chosen", 3).custom(aim.shell(), [](const Number& n, TaskChoice& choice) {
    if (n % 3 == 1) choice.send_to(2);
    if (n % 3 != 2) return;
    choice.send_to(0);
    choice.send_to(1);
  });
  REQUIRE(aim.run());
  CHECK(aim.acked() == 40);
  const Places told = places_in(ids);
  CHECK(told.size() == 3 * 40);
  CHECK(told == aim.seen());
  CHECK(lines_of(groupings) == std::vector<std::string>{"chosen CUSTOM_SERIALIZED", "each ALL",
                                                        "first FIELDS", "keyed FIELDS",
                                                        "near LOCAL_OR_SHUFFLE", "spread SHUFFLE"});
}

TEST_CASE("shell bolt: what reached only some of its tasks, or none, is told as it was") {
  Log log;
  const testing::TemporaryDirectory directory;
  const std::string ids = (directory.path() / "ids").string();
  Aim aim{options_for({"ids=" + ids}, log), {1, 2, 3}, 1};
  aim.witness("before", 2).shuffle(aim.shell());
  aim.witness("thrower", 1).custom(aim.shell(), [](const Number& n, TaskChoice& choice) {
    if (n == 2) throw std::runtime_error("not this one");
    choice.send_to(0);
  });
  REQUIRE(aim.run());
  CHECK(aim.acked() == 2);
  CHECK(places_in(ids).at(2).size() == 1);
  CHECK(places_in(ids) == aim.seen());

  const std::string none = (directory.path() / "none").string();
  Aim nobody{options_for({"ids=" + none}, log), {7}, 1};
  nobody.discard();
  REQUIRE(nobody.run());
  CHECK(nobody.acked() == 1);
  CHECK(places_in(none) == Places{{7, {}}});
}

TEST_CASE("shell bolt: a child that waits for ids is not taken for one that hangs") {
  Log log;
  const testing::TemporaryDirectory directory;
  const auto ids = directory.path() / "ids";
  auto options = options_for({"ids=" + ids.string()}, log).child;
  testing::ManualClock clock;
  multilang::Handshake handshake;
  handshake.tasks = {{1, "shell"}, {2, "sink"}};
  multilang::Child child{multilang::Role::kBolt, options, handshake, clock};
  REQUIRE(child.start([] {}).is_ok());
  std::vector<multilang::ChildEvent> events;
  child.poll(events);
  REQUIRE(events.size() == 1);
  const std::uint64_t run = events.front().run;
  child.send(run, multilang::tuple_message({.id = "1", .component = "numbers", .stream = "default"},
                                           {Number{7}})
                      .value());
  const auto next = [&] {
    events.clear();
    while (events.empty() && child.wait(60s))
      child.poll(events);
    REQUIRE_FALSE(events.empty());
    return std::get_if<multilang::ChildMessage>(&events.front().what);
  };
  const auto* message = next();
  REQUIRE(message != nullptr);
  REQUIRE(std::holds_alternative<multilang::Emit>(*message));
  // Its owner takes its time: many times as long as a child may be silent that is asked something.
  for (int i = 0; i < 20; ++i) {
    clock.advance(10s);
    CHECK_FALSE(child.wait(30ms));
  }
  child.answer(run, multilang::task_ids_message(std::vector<std::int64_t>{2}));
  message = next();
  REQUIRE(message != nullptr);
  CHECK(std::holds_alternative<multilang::Ack>(*message));
  CHECK(places_in(ids).at(7) == Names{"sink[0]"});
}

TEST_CASE("shell bolt: who reads a child's stream by direct() is told how to, when it begins") {
  Log log;
  Aim aim{options_for({}, log), {}, 1};
  aim.witness("counter", 2).direct(aim.shell());
  CHECK_THAT(aim.failure_to_open(), Contains("counter") && Contains("DirectTo{\"counter\"}"));
}

TEST_CASE(
    "shell bolt: ticks come in their time, and what is emitted for them is anchored to nothing") {
  Log log;
  auto options = options_for({}, log);
  options.tick = 1s;
  Tester tester{bolt_of(options)};
  tester.advance(999ms);
  CHECK(tester.emitted().empty());
  tester.advance(1ms);
  CHECK(until(tester, [&] { return tester.emitted() == std::vector<Number>{-1}; }));
  CHECK(tester.errors().empty());
}

TEST_CASE("shell bolt: a child that cannot begin fails the start, with its own words") {
  Log log;
  CHECK_THAT(failure_to_open(options_for({"die-at-start"}, log)),
             Contains("exit code 1") && Contains("no such module"));
  CHECK_THAT(failure_to_open(options_for({"fail-initialise"}, log)), Contains("no database"));
  auto missing = options_for({}, log);
  missing.child.process.command = {"no-such-program"};
  CHECK_THAT(failure_to_open(missing), Contains("no program 'no-such-program' in PATH"));
  missing.child.process.command = {"/no/such/program"};
  CHECK_THAT(failure_to_open(missing), Contains("cannot run /no/such/program"));
  missing.child.process = {.command = {"python3"}, .directory = "/no/such/directory"};
  CHECK_THAT(failure_to_open(missing), Contains("in the directory /no/such/directory"));
  CHECK_FALSE(has_children());
  CHECK_THAT(log.text(), !Contains("started again"));
}

TEST_CASE("shell bolt: a child that outlives its input is killed when the bolt closes") {
  Log log;
  {
    Tester tester{bolt_of(options_for({"stay", "stubborn", "hold"}, log))};
    tester.feed(1);
    const auto began = std::chrono::steady_clock::now();
    tester.close();
    CHECK(std::chrono::steady_clock::now() - began < 20s);
  }
  CHECK_FALSE(has_children());
}

TEST_CASE("shell bolt: a direct emit goes to the task that the child names, and is anchored") {
  Log log;
  // Its own task is 1, those of the counter 2 to 4: the child adds the tuple to 1.
  auto options = options_for({"direct=1"}, log);
  options.direct = {"counter"};
  Aim aim{options, {1, 2, 3, 7}, 1};
  aim.witness("counter", 3).custom(aim.shell(), multilang::DirectTo{"counter"});
  REQUIRE(aim.run());
  CHECK(aim.seen() == Places{{1, {"counter[0]"}}, {2, {"counter[1]"}}, {3, {"counter[2]"}}});
  CHECK(aim.acked() == 3);
  REQUIRE(aim.failed().size() == 1);
  CHECK(aim.failed()[0].kind == FailureKind::kPermanent);
  CHECK_THAT(aim.failed()[0].reason, Contains("task 8, of which it was not told"));
}

TEST_CASE("shell bolt: a direct emit goes nowhere on a stream that others read, too") {
  Log log;
  auto options = options_for({"direct=1"}, log);
  options.direct = {"counter"};
  Aim aim{options, {1}, 1};
  aim.witness("counter", 3).custom(aim.shell(), multilang::DirectTo{"counter"});
  aim.witness("other", 1).shuffle(aim.shell());
  REQUIRE(aim.run());
  CHECK(aim.seen().empty());
  REQUIRE(aim.failed().size() == 1);
  CHECK_THAT(aim.failed()[0].reason, Contains("other does not read by direct emits"));
}

TEST_CASE(
    "shell bolt: a child has its three pipes and nothing else; restarts leave nothing behind") {
  Log log;
  const std::size_t before = open_descriptors();
  {
    // Opened without O_CLOEXEC, as libraries do.
    const std::vector<int> leaks{::open("/dev/null", O_RDONLY), ::open("/dev/null", O_RDONLY),
                                 ::open("/dev/null", O_RDONLY)};
    Tester tester{bolt_of(options_for({"descriptors", "die-on=0"}, log))};
    for (const int leak : leaks)
      ::close(leak);
    const auto fed = tester.feed(1);
    REQUIRE(until(tester, [&] { return fed.acked(); }));
    CHECK(tester.emitted() == std::vector<Number>{3});
    for (std::uint64_t deaths = 1; deaths <= 5; ++deaths) {
      tester.feed(0);
      REQUIRE(until(
          tester,
          [&] {
            return tester.bolt().stats().deaths.get() == deaths &&
                   tester.bolt().stats().up.get() == 1;
          },
          10ms));
    }
  }
  CHECK(open_descriptors() == before);
  CHECK_FALSE(has_children());
}

TEST_CASE("shell bolt: where no temporary file can be made, the working directory serves") {
  Log log;
  ::setenv("TMPDIR", "/proc", 1);
  Tester tester{bolt_of(options_for({}, log))};
  ::unsetenv("TMPDIR");
  const auto fed = tester.feed(1);
  CHECK(until(tester, [&] { return fed.acked(); }));
}
