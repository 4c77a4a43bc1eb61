// bora_multilang_bench [TUPLES]
//
// TUPLES readings through one child process, each reshaped, emitted anchored, and acked: in Python and in
// Node, with few and with many tuples in its hands. Five rounds, alternating; the median and the spread.
// CPU is that of the child, and that of this process.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <sys/resource.h>
#include <utility>
#include <vector>

#include "bolts/shell_bolt.hpp"
#include "bora/running_topology.hpp"
#include "bora/spout.hpp"
#include "bora/topology.hpp"

namespace {

using namespace bora;
using namespace std::chrono_literals;
using multilang::Values;

constexpr int kRounds = 5;

struct Contestant {
  std::vector<std::string> command;
  std::size_t max_pending;
};

struct Round {
  double seconds = 0;
  double child_cpu = 0;
  double own_cpu = 0;
};

double cpu_seconds(int who) {
  ::rusage usage{};
  ::getrusage(who, &usage);
  const auto seconds = [](const ::timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

class Numbers final : public Spout<std::int64_t> {
 public:
  explicit Numbers(std::int64_t last) : last_(last) {}
  Next next_batch(std::size_t max) override {
    for (; max > 0 && next_ < last_; --max, ++next_)
      emit(next_, {.offset = static_cast<std::uint64_t>(next_)});
    return next_ < last_ ? Next::more() : Next::finished();
  }
  void failed(const Failure& failure) override {
    std::fprintf(stderr, "a tuple failed: %s\n", failure.reason.c_str());
    std::exit(1);
  }

 private:
  std::int64_t last_;
  std::int64_t next_ = 0;
};

class Sink final : public Bolt<std::string> {
 public:
  void execute(const std::string&) override {}
};

Round run(const Contestant& contestant, std::int64_t tuples) {
  ShellBoltOptions options;
  options.child.process = {.command = contestant.command, .directory = BORA_LEGACY_RESOURCES};
  options.max_pending = contestant.max_pending;
  options.max_wait = 20s;
  options.input = {.component = "numbers",
                   .fields = {"device", "gateway", "celsius", "battery", "time"}};
  options.metrics = {{.name = "reshaped_readings"}};
  TopologyBuilder builder{"bench"};
  auto numbers = builder.spout("numbers", [=] { return Numbers{tuples}; });
  auto shell = builder.bolt("shell", [options] {
    return ShellBolt<std::int64_t, std::string>{
        options,
        [](const std::int64_t& n) {
          return Values{n % 1000, std::int64_t{7}, 4.5, std::int64_t{75}, 1'466'380'800'123 + n};
        },
        {"key", "body"},
        [](const Values& values) -> Result<std::string> {
          return std::get<std::string>(values.at(1));
        }};
  });
  shell.shuffle(numbers);
  builder.bolt("sink", [] { return Sink{}; }).local(shell);
  auto running = RunningTopology::start(std::move(builder.build()).value());
  if (!running) {
    std::fprintf(stderr, "%s\n", running.error().message.c_str());
    std::exit(1);
  }
  // The child's start is in the CPU time of the child, but not in the time.
  const double own = cpu_seconds(RUSAGE_SELF);
  const double child = cpu_seconds(RUSAGE_CHILDREN);
  const auto begin = std::chrono::steady_clock::now();
  (*running)->wait_finished();
  Round round;
  round.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  round.own_cpu = cpu_seconds(RUSAGE_SELF) - own;
  (*running)->stop(10s);
  round.child_cpu = cpu_seconds(RUSAGE_CHILDREN) - child;
  return round;
}

void print(const Contestant& contestant, std::vector<Round> rounds, std::int64_t tuples) {
  std::sort(rounds.begin(), rounds.end(),
            [](const Round& a, const Round& b) { return a.seconds < b.seconds; });
  const auto count = static_cast<double>(tuples);
  const Round& median = rounds[rounds.size() / 2];
  std::printf("%-8s %11zu %10.0f/s   %.0f to %.0f/s   %8.1f us %8.1f us\n",
              contestant.command.front().c_str(), contestant.max_pending, count / median.seconds,
              count / rounds.back().seconds, count / rounds.front().seconds,
              median.child_cpu * 1e6 / count, median.own_cpu * 1e6 / count);
}

}  // namespace

int main(int argc, char** argv) {
  const std::int64_t tuples = argc > 1 ? std::strtoll(argv[1], nullptr, 10) : 100'000;
  const std::vector<std::string> python{"python3", "reshape.py"};
  const std::vector<std::string> node{"node", "reshape.js"};
  const std::vector<Contestant> contestants{{python, 1}, {python, 100}, {python, 1'000},
                                            {node, 1},   {node, 100},   {node, 1'000}};
  std::vector<std::vector<Round>> rounds(contestants.size());
  for (int i = 0; i < kRounds; ++i)
    for (std::size_t c = 0; c < contestants.size(); ++c)
      // One at a time is slow: a tenth says as much.
      rounds[c].push_back(
          run(contestants[c], contestants[c].max_pending == 1 ? tuples / 10 : tuples));
  std::printf("child    max_pending     median        spread           child's CPU  own CPU\n");
  for (std::size_t c = 0; c < contestants.size(); ++c)
    print(contestants[c], rounds[c], contestants[c].max_pending == 1 ? tuples / 10 : tuples);
  return 0;
}
