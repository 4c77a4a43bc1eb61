#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "bora/running_topology.hpp"
#include "engine/runtime/pinning.hpp"
#include "support/counting_components.hpp"

using namespace bora;
using namespace bora::test;
using namespace std::chrono_literals;
using bora::internal::core_of;
using bora::internal::usable_cores;

namespace {

using Cores = std::vector<int>;

/// What each component may run on, and what a thread may that its open() started. Thread-safe.
class Seen {
 public:
  void working(const std::string& component) { keep(working_, component); }
  void opened(const std::string& component) {
    std::thread{[&] { keep(started_, component); }}.join();
  }
  [[nodiscard]] const std::map<std::string, Cores>& working() const { return working_; }
  [[nodiscard]] const std::map<std::string, Cores>& started() const { return started_; }

 private:
  void keep(std::map<std::string, Cores>& to, const std::string& component) {
    const std::lock_guard lock(mutex_);
    to[component] = usable_cores();
  }
  std::mutex mutex_;
  std::map<std::string, Cores> working_;  // guarded by mutex_ until the topology has stopped
  std::map<std::string, Cores> started_;  // so is this
};

class Watched final : public Bolt<std::uint64_t, std::uint64_t> {
 public:
  explicit Watched(Seen& seen) : seen_(seen) {}
  Status open(Context& context) override {
    component_ = context.component();
    seen_.opened(component_);
    return {};
  }
  void execute(const std::uint64_t& in) override {
    seen_.working(component_);
    out.emit(in);
  }

 private:
  Seen& seen_;
  std::string component_;
};

/// Ten numbers through source -> a -> b -> c.
void run(Seen& seen, EngineOptions options) {
  TopologyBuilder topology{"pinned"};
  const auto count = std::make_shared<Count>(10);
  const auto source = topology.spout("source", counting(count));
  const auto watched = [&seen] { return std::make_unique<Watched>(seen); };
  const auto a = topology.bolt("a", watched).shuffle(source);
  const auto b = topology.bolt("b", watched).shuffle(a);
  const auto c = topology.bolt("c", watched).shuffle(b);
  topology.discard(c);
  auto built = topology.build();
  REQUIRE(built);
  auto running = RunningTopology::start(std::move(built).value(), std::move(options));
  REQUIRE(running);
  REQUIRE((*running)->wait_finished(30s));
  static_cast<void>((*running)->stop(5s));
  REQUIRE(count->acked == 10);
}

}  // namespace

TEST_CASE("pinning: each has a core of its own while there are enough, else neighbours share") {
  CHECK(core_of(0, 2, {4, 5, 7}) == 4);
  CHECK(core_of(1, 2, {4, 5, 7}) == 5);
  CHECK(core_of(2, 3, {4, 5, 7}) == 7);

  const auto all = [](std::size_t threads, const Cores& cores) {
    Cores of;
    for (std::size_t n = 0; n < threads; ++n)
      of.push_back(core_of(n, threads, cores));
    return of;
  };
  CHECK(all(4, {0, 1}) == Cores{0, 0, 1, 1});
  CHECK(all(3, {0, 1}) == Cores{0, 1, 1});
  CHECK(all(5, {0, 3}) == Cores{0, 0, 3, 3, 3});
  CHECK(all(7, {1, 2, 3}) == Cores{1, 1, 2, 2, 3, 3, 3});
  CHECK(all(3, {9}) == Cores{9, 9, 9});
}

TEST_CASE("pinning: each thread is bound to one core, what open() started is not") {
  const Cores usable = usable_cores();
  REQUIRE_FALSE(usable.empty());
  Seen seen;
  run(seen, {.pin_threads = true});
  REQUIRE(seen.working().size() == 3);
  CHECK(seen.working().at("a") == Cores{core_of(1, 4, usable)});
  CHECK(seen.working().at("b") == Cores{core_of(2, 4, usable)});
  CHECK(seen.working().at("c") == Cores{core_of(3, 4, usable)});
  for (const auto& [component, cores] : seen.started())
    CHECK(cores == usable);
  CHECK(usable_cores() == usable);  // this thread's, which started it
}

TEST_CASE("pinning: nothing is bound by default") {
  Seen seen;
  run(seen, {});
  REQUIRE(seen.working().size() == 3);
  for (const auto& [component, cores] : seen.working())
    CHECK(cores == usable_cores());
}
