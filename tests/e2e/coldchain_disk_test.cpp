// A disk that is full for a while under everything that coldchain keeps; BORA_ROUNDS: how often.

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <string>
#include <thread>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "connectors/http/client.hpp"
#include "e2e/coldchain_fixture.hpp"
#include "e2e/load.hpp"
#include "e2e/small_disk.hpp"

using namespace bora;
using namespace bora::e2e;
using namespace std::chrono_literals;

namespace {

std::uint32_t number_of(const char* variable, std::uint32_t otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : static_cast<std::uint32_t>(std::strtoul(text, nullptr, 10));
}

bool wait_until(const std::function<bool()>& is_so) {
  const auto deadline = std::chrono::steady_clock::now() + 60s;
  while (!is_so()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(10ms);
  }
  return true;
}

std::string readiness(const Coldchain& coldchain) {
  http::Client client{{.port = coldchain.control_port()}};
  const auto answer = client.get("/readyz");
  return answer ? answer->body : answer.error().message;
}

bool is_ready(const Coldchain& coldchain) {
  const auto json = nlohmann::json::parse(readiness(coldchain), nullptr, false);
  return json.is_object() && json.at("ready") == true;
}

}  // namespace

TEST_CASE(
    "a full disk stops the intake and says so; when there is space, all goes on, and is whole") {
  const SmallDisk disk{64};
  if (!disk.is_there()) {
    WARN("nothing was tested: no small disk here: " << disk.why());
    return;
  }
  Coldchain coldchain{disk.path() / "data"};
  coldchain.register_devices();
  coldchain.start();
  REQUIRE(coldchain.wait_ready());
  Load load{4};
  load.set_port(coldchain.ingest_port());
  const std::uint32_t rounds = number_of("BORA_ROUNDS", 1);
  for (std::uint32_t round = 1; round <= rounds; ++round) {
    INFO("round " << round << ": " << coldchain.log());
    const std::uint64_t accepted = load.accepted_so_far();
    REQUIRE(wait_until([&] { return load.accepted_so_far() > accepted + 500; }));

    disk.fill();
    std::string said;
    const std::uint64_t refused = load.told_to_wait();
    const bool is_said = wait_until([&] {
      said = readiness(coldchain);
      return load.told_to_wait() > refused && said.find("disk is full") != std::string::npos;
    });
    INFO(said);
    REQUIRE(is_said);
    CHECK(said.find((coldchain.data() / "topics").string()) != std::string::npos);
    CHECK(said.find("free some space") != std::string::npos);
    // Nothing is taken any more; what is under way may still find room.
    std::uint64_t before = 0;
    CHECK(wait_until([&] {
      before = load.accepted_so_far();
      std::this_thread::sleep_for(300ms);
      return load.accepted_so_far() == before;
    }));
    CHECK(coldchain.program().wait(0ms) == std::nullopt);  // it lives

    disk.free();
    REQUIRE(wait_until([&] { return load.accepted_so_far() > before + 500; }));
    const bool is_well = wait_until([&] { return is_ready(coldchain); });
    INFO(readiness(coldchain));
    CHECK(is_well);
  }
  load.finish(Load::Last::kAnswered);
  INFO(coldchain.log());
  CHECK(coldchain.wait_done());
  CHECK(coldchain.stop() == 0);
  CHECK(coldchain.log().find("the disk takes writes again") != std::string::npos);

  CHECK(load.surprises().empty());
  const DataFacts facts = check_data(coldchain.data(), load.accepted());
  CHECK(facts.faults == std::vector<std::string>{});
  CHECK(facts.entries == facts.records);
  CHECK(facts.records >= load.accepted().size());
  CHECK(facts.rejected == 0);
}
