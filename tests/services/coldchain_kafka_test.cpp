// `coldchain run` with its topics in Kafka: what the page asks for is there, as with the embedded log.

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "bora/check.hpp"
#include "connectors/http/client.hpp"
#include "host/log.hpp"
#include "host/process.hpp"
#include "services/coldchain/program.hpp"
#include "support/services.hpp"
#include "support/temporary_directory.hpp"
#include "topologies/coldchain/codec.hpp"
#include "topologies/coldchain/registry.hpp"

using namespace bora;
using namespace std::chrono_literals;
using nlohmann::json;

namespace {

void must(const Status& status) { BORA_CHECK(status.is_ok(), status.message()); }

http::Client client_of(const std::string& url) {
  http::ClientOptions options;
  options.port = static_cast<std::uint16_t>(std::stoul(url.substr(url.rfind(':') + 1)));
  return http::Client{options};
}

/// The program in this process, on topics of its own.
struct World {
  World() {
    options.data = directory.path().string();
    options.topics.url = host::Url::parse("kafka://" + testing::kafka_brokers()).value();
    options.topics.prefix = "coldchain-" + std::to_string(::getpid()) + ".";
    options.admin.port = 0;
    options.ingest.port = 0;
    options.series.api_port = 0;
    const auto tools = parts::make_topic_tools(options.topics, clock);
    must(tools.status());
    for (const parts::TopicPlan& plan : allinone::topic_plans())
      must((*tools)->create(plan));
    host::Assembly assembly;
    auto made = allinone::assemble(options, clock, assembly);
    must(made.status());
    parts = *made;
    host::ProcessOptions process_options;
    process_options.control.port = 0;
    process_options.control.token_file = (directory.path() / "token").string();
    log.set_level(host::LogLevel::kError);
    process = std::make_unique<host::Process>(process_options, log);
    must(process->start(std::move(assembly)));
  }
  ~World() { process->stop(); }

  void write(const std::string& topic, Record record) const {
    const auto sink = parts.topics->sinks()(0);
    must(sink->append(topic, std::move(record), 1));
    must(sink->flush(20s));
  }
  json get(const std::string& path) const {
    const auto answer = client_of(process->control_url()).get(path);
    REQUIRE(answer);
    REQUIRE(answer->status == 200);
    return json::parse(answer->body);
  }
  template <class IsSo>
  static bool comes_true(IsSo is_so) {
    const auto deadline = std::chrono::steady_clock::now() + 60s;
    while (!is_so()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      std::this_thread::sleep_for(20ms);
    }
    return true;
  }

  testing::TemporaryDirectory directory;
  SystemClock clock;
  host::Log log{host::LogOptions{}};
  allinone::ProgramOptions options;
  allinone::Parts parts;
  std::unique_ptr<host::Process> process;
};

}  // namespace

TEST_CASE("coldchain on Kafka takes reports, shows devices, and their readings' dead letters") {
  World world;
  const std::string report =
      R"({"gateway":{"id":7,"token":"T"},"device":{"id":123,"auth":1},"reading":{"temp":4.5,"time":1466380800123,"batt":75}})";
  http::Client ingest = client_of(world.parts.ingest->url());
  const auto taken = ingest.post("/v1/reports", report + "\n" + report + "\n");
  REQUIRE(taken);
  CHECK(taken->status == 202);
  CHECK(taken->body.find(R"("accepted":2)") != std::string::npos);

  world.write(
      "registry",
      *coldchain::registry_record(coldchain::DeviceEntry{
          coldchain::DeviceId{123}, "$2b$10$x", coldchain::State::kActive, {{"name", "Milk"}}}));
  Record reading;
  reading.key = "123";
  coldchain::write_reading({.device_id = coldchain::DeviceId{123},
                            .gateway_id = coldchain::GatewayId{7},
                            .temperature = 4.5,
                            .time = from_millis(1'466'380'800'123),
                            .received = world.clock.wall_now(),
                            .battery = 75},
                           reading.value);
  world.write("readings", reading);
  CHECK(World::comes_true([&] {
    const json devices = world.get("/api/v1/devices")["devices"];
    return devices.size() == 1 && devices[0].value("name", "") == "Milk" &&
           devices[0].contains("last") && devices[0]["last"]["temperature"] == 4.5;
  }));
  CHECK(world.get("/api/v1/gateways")["gateways"].size() == 1);

  Record poison;
  poison.key = "123";
  poison.value = "no reading";
  world.write("readings", poison);
  // Three topologies work on it.
  CHECK(World::comes_true([&] {
    return world.get("/api/v1/dead-letters")["topics"][1] ==
           json{{"topic", "readings"}, {"letters", 3}, {"waiting", 3}};
  }));
  CHECK(world.get("/api/v1/dead-letters/readings")["letters"].size() == 3);
}
