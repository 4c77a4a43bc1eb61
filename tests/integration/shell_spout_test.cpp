// ShellSpout with children that do as they should, and with children that do not.

#include "spouts/shell_spout.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <fstream>
#include <functional>
#include <memory>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "bora/bolt.hpp"
#include "bora/testing/stepped_topology.hpp"
#include "support/child_places.hpp"
#include "support/temporary_directory.hpp"

using namespace bora;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using multilang::Values;

namespace {

using Number = std::int64_t;
using Numbers = std::vector<Number>;

/// Writes down what it gets; fails what it is told to, once.
struct Sink final : Bolt<Number> {
  struct Book {
    Numbers got;
    std::set<Number> to_fail;
    bool holds = false;
    std::vector<AckToken> held;
  };
  explicit Sink(std::shared_ptr<Book> b) : book(std::move(b)) {}
  void execute(const Number& n) override {
    book->got.push_back(n);
    if (book->holds) book->held.push_back(hold());
    if (book->to_fail.erase(n) > 0) throw std::runtime_error("not this one");
  }
  std::shared_ptr<Book> book;
};

/// A spout with its child, and a sink.
class World {
 public:
  /// Adds what else reads the spout.
  using Readers = std::function<void(TopologyBuilder&, const SpoutHandle<ShellSpout<Number>>&)>;

  explicit World(
      std::vector<std::string> words, std::uint32_t max_in_flight = 8192,
      const Readers& readers = [](auto&, auto&) {}) {
    ShellSpoutOptions options;
    options.child.process.command = {"python3", BORA_MULTILANG_CHILD, "as=spout",
                                     "told=" + told_path().string()};
    for (std::string& word : words)
      options.child.process.command.push_back(std::move(word));
    options.child.restart = {.first_backoff = 10ms, .max_backoff = 50ms};
    options.child.heartbeat_interval = 20ms;  // how long the child's thread sleeps at most
    options.child.stop_grace = 5s;
    TopologyBuilder builder{"world"};
    auto spout = builder.spout("spout",
                               [options] {
                                 return ShellSpout<Number>{
                                     options, {"n"}, [](const Values& values) -> Result<Number> {
                                       if (const auto* n = std::get_if<Number>(&values.at(0)))
                                         return *n;
                                       return Error{ErrorKind::kInvalid, "no number"};
                                     }};
                               },
                               {.max_in_flight = max_in_flight});
    builder.bolt("sink", [book = book] { return Sink{book}; }).shuffle(spout);
    readers(builder, spout);
    topology_ = testing::SteppedTopology::open(builder.build().value(), clock_).value();
  }

  /// Lets child and topology go on until `is_done`. False when that takes a minute.
  bool until(const std::function<bool()>& is_done, std::chrono::milliseconds step = 5ms) {
    const auto end = std::chrono::steady_clock::now() + 60s;
    while (!is_done()) {
      if (std::chrono::steady_clock::now() > end) return false;
      std::this_thread::sleep_for(1ms);
      topology_->advance(step);
    }
    return true;
  }
  /// What the child was told, by kind: "ack" -> ids.
  [[nodiscard]] Numbers told(const std::string& command) const {
    std::ifstream file{told_path()};
    Numbers ids;
    for (std::string line; std::getline(file, line);) {
      std::istringstream words{line};
      std::string name;
      Number id = 0;
      words >> name >> id;
      if (name == command) ids.push_back(id);
    }
    return ids;
  }
  [[nodiscard]] const ShellSpoutStats& stats() const {
    return dynamic_cast<ShellSpout<Number>&>(topology_->component("spout")).stats();
  }
  [[nodiscard]] std::string errors() const {
    std::string all;
    for (const ComponentErrors& component : topology_->metrics().errors)
      for (const ErrorEntry& entry : component.last)
        all += entry.text + '\n';
    return all;
  }
  testing::SteppedTopology& topology() { return *topology_; }
  ShellSpout<Number>& spout() {
    return dynamic_cast<ShellSpout<Number>&>(topology_->component("spout"));
  }
  [[nodiscard]] std::filesystem::path path() const { return directory_.path(); }

  std::shared_ptr<Sink::Book> book = std::make_shared<Sink::Book>();

 private:
  [[nodiscard]] std::filesystem::path told_path() const { return directory_.path() / "told"; }

  testing::TemporaryDirectory directory_;
  testing::ManualClock clock_;
  std::unique_ptr<testing::SteppedTopology> topology_;
};

Numbers up_to(Number last) {
  Numbers all;
  for (Number n = 1; n <= last; ++n)
    all.push_back(n);
  return all;
}

}  // namespace

TEST_CASE(
    "shell spout: what its child emits is processed, and the child learns of each what became of "
    "it") {
  World world{{"limit=50"}};
  CHECK(world.until([&] { return world.told("ack").size() == 50; }));
  CHECK(world.book->got == up_to(50));
  CHECK(world.told("ack") == up_to(50));
  CHECK(world.told("fail").empty());
  CHECK(world.told("activate").size() == 1);
}

TEST_CASE("shell spout: a tuple that fails is the child's to bring again") {
  World world{{"limit=5"}};
  world.book->to_fail = {3};
  CHECK(world.until([&] { return world.told("ack").size() == 5; }));
  CHECK(world.told("fail") == Numbers{3});
  CHECK(std::count(world.book->got.begin(), world.book->got.end(), 3) == 2);
}

TEST_CASE("shell spout: tuples without an id are processed, and nobody is told") {
  World world{{"limit=5", "untracked"}};
  CHECK(world.until([&] { return world.book->got.size() == 5; }));
  CHECK(world.told("ack").empty());
}

TEST_CASE(
    "shell spout: a child that dies is started again, and brings what it did not know to be done") {
  testing::TemporaryDirectory directory;
  World world{{"limit=5", "die-on=3", "once=" + (directory.path() / "died").string()}};
  CHECK(world.until([&] {
    const Numbers acked = world.told("ack");
    return !acked.empty() && acked.back() == 5;
  }));
  CHECK(world.book->got == Numbers{1, 2, 1, 2, 3, 4, 5});
  CHECK(world.stats().deaths.get() == 1);
  CHECK_THAT(world.errors(), Contains("exit code 3"));
}

TEST_CASE("shell spout: a child that hangs in a command is killed and started again") {
  testing::TemporaryDirectory directory;
  World world{{"limit=5", "hang-on=3", "once=" + (directory.path() / "hung").string()}};
  CHECK(world.until([&] { return world.stats().deaths.get() == 1; }, 100ms));
  CHECK_THAT(world.errors(), Contains("hangs"));
  CHECK(world.until([&] { return world.book->got.size() == 7; }));
}

TEST_CASE("shell spout: a drain tells the child of every ack before it ends") {
  World world{{"limit=1000000"}};
  CHECK(world.until([&] { return world.book->got.size() >= 100; }));
  world.topology().drain();
  auto& spout = dynamic_cast<ShellSpout<Number>&>(world.topology().component("spout"));
  CHECK(world.until([&] { return spout.is_settled(); }));
  const std::size_t got = world.book->got.size();
  world.topology().close();
  CHECK(world.told("ack") == up_to(static_cast<Number>(got)));
}

TEST_CASE("shell spout: a child is told of every task that got a tuple, tracked or not") {
  for (const char* tracking : {"tracked", "untracked"}) {
    const testing::TemporaryDirectory directory;
    const auto ids = directory.path() / "ids";
    auto seen = std::make_shared<test::Places>();
    const auto witness = [seen] { return test::Witness{seen}; };
    World world{{"limit=20", tracking, "ids=" + ids.string(), "burst=3"},
                8192,
                [&](TopologyBuilder& builder, const auto& spout) {
                  builder.bolt("spread", witness, {.tasks = 3}).shuffle(spout);
                  builder.bolt("each", witness, {.tasks = 2}).all(spout);
                  builder.bolt("keyed", witness, {.tasks = 4}).fields(spout, [](Number n) {
                    return n % 10;
                  });
                }};
    CHECK(world.until([&] { return world.book->got.size() == 60; }));
    CHECK(world.until([&] { return test::places_in(ids).size() == 60; }));
    for (const Number n : world.book->got)
      (*seen)[n].push_back("sink[0]");
    CHECK(test::places_in(ids) == test::sorted(*seen));
    CHECK(world.errors().empty());
  }
}

TEST_CASE("shell spout: an emit that a grouping throws for is answered, and the next ones go on") {
  for (const char* tracking : {"tracked", "untracked"}) {
    const testing::TemporaryDirectory directory;
    const auto ids = directory.path() / "ids";
    auto seen = std::make_shared<test::Places>();
    World world{{"limit=3", tracking, "ids=" + ids.string()},
                8192,
                [&](TopologyBuilder& builder, const auto& spout) {
                  builder.bolt("thrower", [seen] { return test::Witness{seen}; })
                      .custom(spout, [](const Number& n, TaskChoice& choice) {
                        if (n == 2) throw std::runtime_error("not this one");
                        choice.send_to(0);
                      });
                }};
    CHECK(world.until([&] { return seen->count(3) == 1; }));
    CHECK(world.until([&] { return test::places_in(ids).count(3) == 1; }));
    CHECK(test::places_in(ids).at(2) == test::Names{"sink[0]"});
    // One that is tracked has failed, and is brought again.
    const auto times = std::count(world.book->got.begin(), world.book->got.end(), 2);
    CHECK((times == 1 || std::string{tracking} == "tracked"));
  }
}

TEST_CASE("shell spout: a child that emits many before it reads an answer gets one for each") {
  const testing::TemporaryDirectory directory;
  const auto ids = directory.path() / "ids";
  World world{{"limit=1", "ids=" + ids.string(), "burst=1500"}};
  CHECK(world.until([&] { return world.told("ack").size() == 1500; }));
  CHECK(test::places_in(ids).size() == 1500);
}

TEST_CASE("shell spout: a child that waits for the ids of a tuple that has no room yet is let be") {
  const testing::TemporaryDirectory directory;
  const auto ids = directory.path() / "ids";
  World world{{"limit=1", "ids=" + ids.string(), "burst=3"}, 2};
  world.book->holds = true;
  CHECK(world.until([&] { return world.book->got == Numbers{1, 1001}; }));
  // The third waits for room, many times as long as a child may be silent that is asked something.
  for (int i = 0; i < 20; ++i) {
    world.topology().advance(10s);
    std::this_thread::sleep_for(30ms);  // for the child's thread to look
  }
  CHECK(world.stats().deaths.get() == 0);
  CHECK(test::places_in(ids).empty());
  world.book->holds = false;
  for (AckToken& token : world.book->held)
    std::move(token).ack();
  CHECK(world.until([&] { return test::places_in(ids).size() == 3; }));
  // Those before it have expired meanwhile.
  CHECK(std::count(world.book->got.begin(), world.book->got.end(), 2001) == 1);
  CHECK(world.stats().deaths.get() == 0);
}

TEST_CASE("shell spout: a drain answers who still waits for ids: the tuple went nowhere") {
  const testing::TemporaryDirectory directory;
  const auto ids = directory.path() / "ids";
  World world{{"limit=1", "ids=" + ids.string(), "burst=3"}, 2};
  world.book->holds = true;
  CHECK(world.until([&] { return world.book->got == Numbers{1, 1001}; }));
  world.topology().drain();
  CHECK(world.until([&] { return world.spout().is_settled(); }));
  CHECK(test::places_in(ids) == test::Places{{1, {"sink[0]"}}, {1001, {"sink[0]"}}, {2001, {}}});
  for (AckToken& token : world.book->held)
    std::move(token).ack();
  CHECK(world.until([&] { return world.told("ack").size() == 2; }));
  CHECK(world.book->got == Numbers{1, 1001});
}
