#include <chrono>
#include <string>
#include <utility>
#include <variant>

#include <catch2/catch.hpp>

#include "bora/clock.hpp"
#include "bora/options.hpp"
#include "topologies/datapoints/program.hpp"

using namespace bora;
using namespace bora::datapoints;
using namespace std::chrono_literals;

namespace {

/// What the program's engine options become for its topology.
EngineOptions adjusted(const ProgramOptions& options, EngineOptions engine) {
  const SystemClock clock;
  host::Assembly assembly;
  REQUIRE(assemble(options, clock, assembly));
  auto parts = std::move(assembly).take_parts();
  for (host::Assembly::Part& part : parts) {
    if (auto* const topology = std::get_if<host::Assembly::TopologyPart>(&part)) {
      if (topology->adjust) topology->adjust(engine);
    }
  }
  return engine;
}

ProgramOptions on(const std::string& series) {
  ProgramOptions options;
  options.series.url = host::Url::parse(series).value();
  return options;
}

}  // namespace

TEST_CASE("a hanging write fails before the readings that wait for it expire") {
  ProgramOptions options = on("kairosdb+http://127.0.0.1:8080");
  options.series.timeout = 60s;
  options.datapoints.window = 20s;
  CHECK(adjusted(options, {.message_timeout = 30s}).message_timeout > 80s);
  CHECK(adjusted(options, {.message_timeout = 900s}).message_timeout == 900s);
}

TEST_CASE("an embedded store leaves the engine's timeout as it is") {
  ProgramOptions options = on("rocksdb:./unused");
  options.series.timeout = 60s;
  CHECK(adjusted(options, {.message_timeout = 30s}).message_timeout == 30s);
}
