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
  };
  explicit Sink(std::shared_ptr<Book> b) : book(std::move(b)) {}
  void execute(const Number& n) override {
    book->got.push_back(n);
    if (book->to_fail.erase(n) > 0) throw std::runtime_error("not this one");
  }
  std::shared_ptr<Book> book;
};

/// A spout with its child, and a sink.
class World {
 public:
  explicit World(std::vector<std::string> words) {
    ShellSpoutOptions options;
    options.child.process.command = {"python3", BORA_MULTILANG_CHILD, "as=spout",
                                     "told=" + told_path().string()};
    for (std::string& word : words)
      options.child.process.command.push_back(std::move(word));
    options.child.restart = {.first_backoff = 10ms, .max_backoff = 50ms};
    options.child.heartbeat_interval = 20ms;  // how long the child's thread sleeps at most
    options.child.stop_grace = 5s;
    TopologyBuilder builder{"world"};
    auto spout = builder.spout("spout", [options] {
      return ShellSpout<Number>{options, {"n"}, [](const Values& values) -> Result<Number> {
                                  if (const auto* n = std::get_if<Number>(&values.at(0))) return *n;
                                  return Error{ErrorKind::kInvalid, "no number"};
                                }};
    });
    builder.bolt("sink", [book = book] { return Sink{book}; }).shuffle(spout);
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
