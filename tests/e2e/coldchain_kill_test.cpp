#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "e2e/coldchain_fixture.hpp"
#include "e2e/load.hpp"

// BORA_KILLS=20 kills twenty times instead of five, BORA_SEED=n at other moments; scripts/kill-test
// sets them.

using namespace bora::e2e;
using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;
using std::chrono::milliseconds;

namespace {

constexpr milliseconds kMostStart{2'000};

std::uint32_t number_of(const char* variable, std::uint32_t otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : static_cast<std::uint32_t>(std::strtoul(text, nullptr, 10));
}

milliseconds since(Steady::time_point began) {
  return std::chrono::duration_cast<milliseconds>(Steady::now() - began);
}

}  // namespace

TEST_CASE("killed under load, again and again, it loses no report that it answered 202") {
  const std::uint32_t kills = number_of("BORA_KILLS", 5);
  const std::uint32_t seed = number_of("BORA_SEED", 1);
  INFO("BORA_KILLS=" << kills << " BORA_SEED=" << seed);
  std::mt19937 random{seed};
  const auto up_to = [&](unsigned most) {
    return milliseconds{static_cast<int>(random() % (most + 1))};
  };

  Coldchain coldchain;
  coldchain.register_devices();
  Load load{4};
  milliseconds longest{0};
  const auto start = [&] {
    const auto began = Steady::now();
    coldchain.start();
    if (!coldchain.wait_ready()) return false;
    longest = std::max(longest, since(began));
    load.set_port(coldchain.ingest_port());
    return true;
  };
  for (std::uint32_t n = 1; n <= kills; ++n) {
    INFO("kill " << n);
    if (n % 4 == 0) {
      // In the middle of a start, too: recovery may be interrupted like anything else.
      coldchain.start();
      std::this_thread::sleep_for(up_to(200));
    } else {
      REQUIRE(start());
      const std::uint64_t before = load.accepted_so_far();
      std::this_thread::sleep_for(up_to(600));
      // Under load: not before something was taken.
      const auto deadline = Steady::now() + 10s;
      while (load.accepted_so_far() == before && Steady::now() < deadline)
        std::this_thread::sleep_for(1ms);
      REQUIRE(load.accepted_so_far() > before);
    }
    coldchain.kill();
  }
  REQUIRE(start());
  load.finish(Load::Last::kAnswered);
  CHECK(coldchain.wait_done());
  CHECK(coldchain.stop() == 0);

  CHECK(load.surprises().empty());
  const std::vector<std::string> accepted = load.accepted();
  const DataFacts facts = check_data(coldchain.data(), accepted);
  CHECK(facts.faults == std::vector<std::string>{});
  CHECK(facts.entries == facts.records);
  CHECK(facts.records >= accepted.size());
  CHECK(facts.readings >= facts.records);
  CHECK(facts.rejected == 0);
  CHECK(longest < kMostStart);
  CHECK(secrets_in(coldchain.log()).empty());
  std::printf(
      "%u kills, seed %u: %zu reports answered 202, %llu records, %llu of them repeats, %llu "
      "readings, "
      "%llu points; %llu requests got no answer; longest start to ready %lld ms\n",
      kills, seed, accepted.size(), static_cast<unsigned long long>(facts.records),
      static_cast<unsigned long long>(facts.repeated),
      static_cast<unsigned long long>(facts.readings),
      static_cast<unsigned long long>(facts.points),
      static_cast<unsigned long long>(load.unanswered()), static_cast<long long>(longest.count()));
}
