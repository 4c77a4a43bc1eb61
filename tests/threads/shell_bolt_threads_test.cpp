// A shell bolt, its child's thread and its child at work together, while children die.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <span>
#include <string>
#include <utility>

#include <catch2/catch.hpp>

#include "bolts/shell_bolt.hpp"
#include "bora/running_topology.hpp"
#include "bora/spout.hpp"
#include "support/child_places.hpp"
#include "support/temporary_directory.hpp"

using namespace bora;
using namespace std::chrono_literals;
using multilang::Values;

namespace {

using Number = std::int64_t;

/// 1 to `last`, each until it is acked.
class Persistent final : public Spout<Number> {
 public:
  Persistent(Number last, std::atomic<std::uint64_t>* failures) : failures_(failures) {
    for (Number n = 1; n <= last; ++n)
      waiting_.push_back(n);
  }
  Status open(Context& context) override {
    wake_ = context.waker();
    return {};
  }
  Next next_batch(std::size_t max) override {
    for (; max > 0 && !waiting_.empty(); --max) {
      emit(waiting_.front(), {.offset = static_cast<std::uint64_t>(waiting_.front())});
      waiting_.pop_front();
    }
    if (waiting_.empty() && in_flight() == 0) return Next::finished();
    return waiting_.empty() ? Next::idle() : Next::more();
  }
  void acked(std::span<const MessageId>) override { wake_(); }
  void failed(const Failure& failure) override {
    waiting_.push_back(static_cast<Number>(failure.id.offset));
    ++*failures_;
    wake_();
  }

 private:
  std::function<void()> wake_;
  std::deque<Number> waiting_;
  std::atomic<std::uint64_t>* failures_;
};

class Sum final : public Bolt<Number> {
 public:
  explicit Sum(std::atomic<std::uint64_t>* tuples) : tuples_(tuples) {}
  void execute(const Number&) override { ++*tuples_; }

 private:
  std::atomic<std::uint64_t>* tuples_;
};

}  // namespace

TEST_CASE("shell bolt: two children at work, one of which dies, lose nothing") {
  constexpr Number kLast = 2'000;
  const testing::TemporaryDirectory directory;
  ShellBoltOptions options;
  const auto ids = directory.path() / "ids";
  options.child.process.command = {"python3", BORA_MULTILANG_CHILD, "die-on=700",
                                   "once=" + (directory.path() / "died").string(),
                                   "ids=" + ids.string()};
  options.child.heartbeat_interval = 5ms;
  options.child.restart.first_backoff = 5ms;
  std::atomic<std::uint64_t> lines{0};
  options.child.on_log = [&](auto, auto) { ++lines; };
  options.max_pending = 50;

  std::atomic<std::uint64_t> failures{0};
  std::atomic<std::uint64_t> tuples{0};
  TopologyBuilder builder{"children"};
  auto numbers = builder.spout("numbers", [&] { return Persistent{kLast, &failures}; });
  auto shell = builder.bolt(
      "shell",
      [options] {
        return ShellBolt<Number, Number>{
            options,
            [](const Number& n) { return Values{n}; },
            {"n"},
            [](const Values& values) -> Result<Number> { return std::get<Number>(values.at(0)); }};
      },
      {.tasks = 2});
  shell.shuffle(numbers);
  builder.bolt("sum", [&] { return Sum{&tuples}; }, {.tasks = 2}).shuffle(shell);
  auto running = RunningTopology::start(builder.build().value());
  REQUIRE(running.is_ok());
  CHECK((*running)->wait_finished(100s));
  (*running)->stop(10s);
  CHECK(tuples >= kLast);
  CHECK(failures > 0);
  CHECK(lines >= 4);  // two starts, a death, a start
  // Of each emit the one task was told that got its tuple; some were brought twice.
  const test::Places told = test::places_in(ids);
  CHECK(told.size() == kLast);
  std::size_t names = 0;
  bool is_known = true;
  for (const auto& [number, tasks] : told) {
    names += tasks.size();
    for (const std::string& task : tasks)
      is_known = is_known && (task == "sum[0]" || task == "sum[1]");
  }
  CHECK(is_known);
  CHECK(names == test::lines_of(ids).size());
}
