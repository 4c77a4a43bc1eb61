// A gateway that is killed under load, on a real broker over TLS with the gateways' certificate: what
// its input accepted arrives, and in order. By hand, with the broker going away too:
// scripts/gateway-kill-test.

#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <future>
#include <iostream>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "bora/clock.hpp"
#include "connectors/kafka/kafka_table_source.hpp"
#include "e2e/program.hpp"
#include "services/gateway/outbox.hpp"
#include "services/gateway_load.hpp"
#include "services/kafka_client.hpp"
#include "support/services.hpp"
#include "support/temporary_directory.hpp"
#include "topologies/coldchain/codec.hpp"

using namespace bora;
using namespace bora::services;
using namespace std::chrono_literals;

namespace {

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* const text = std::getenv(name);
  return text == nullptr ? otherwise : std::stoull(text);
}

std::vector<std::string> arguments_of(const std::filesystem::path& directory,
                                      const std::string& topic) {
  const auto certs = testing::certs_directory();
  std::vector<std::string> arguments{"run", "--log-format", "json"};
  for (const std::string& setting : {
           "topics=kafka://" + testing::kafka_tls_brokers(),
           std::string{"kafka.security.protocol=ssl"},
           "kafka.ssl.ca.location=" + (certs / "ca.pem").string(),
           "kafka.ssl.certificate.location=" + (certs / "gateway.pem").string(),
           "kafka.ssl.key.location=" + (certs / "gateway.key").string(),
           std::string{"kafka.reconnect.backoff.max.ms=500"},
           std::string{"gateway.id=7"},
           std::string{"gateway.token=B12F31EBDDF2D982895195964FEAB0065031430B"},
           "gateway.outbox=" + (directory / "outbox.db").string(),
           "gateway.socket=" + (directory / "socket").string(),
           std::string{"gateway.http_address="},
           "gateway.topic=" + topic,
           std::string{"gateway.linger=0ms"},
           std::string{"gateway.batch_rows=500"},
           std::string{"gateway.max_backoff=1s"},
           std::string{"control.port=0"},
       }) {
    arguments.push_back("--set");
    arguments.push_back(setting);
  }
  return arguments;
}

/// What came of each device, judged in the order in which its partition holds it.
struct Arrivals {
  std::map<std::uint64_t, std::uint64_t> next;  ///< By device: the lowest number that has not come.
  std::uint64_t records = 0;
  std::uint64_t duplicates = 0;
  std::uint64_t too_early = 0;  ///< Came before a lower number had.
  std::uint64_t unreadable = 0;
  std::uint64_t wrong_key = 0;

  void add(const Record& record) {
    ++records;
    const auto report = coldchain::parse_report(record.value);
    const auto at = record.value.find("\"n\":");
    if (!report || at == std::string::npos) {
      ++unreadable;
      return;
    }
    wrong_key += record.key != coldchain::record_key(report->device_id);
    const std::uint64_t n = std::stoull(record.value.substr(at + 4));
    std::uint64_t& expected = next[to_uint(report->device_id)];
    if (n == expected)
      ++expected;
    else
      ++(n < expected ? duplicates : too_early);
  }
};

struct NoListener final : AssignmentListener {
  void on_assigned(std::uint32_t, std::uint32_t, std::int64_t) override {}
  void on_revoked(std::uint32_t, std::uint32_t, Leave) override {}
};

Arrivals read_all(const std::string& topic) {
  const SystemClock clock;
  NoListener listener;
  kafka::KafkaTableSource source{{.kafka = {.brokers = testing::kafka_brokers()}, .topic = topic},
                                 clock};
  REQUIRE(source.open(listener, [] {}));
  Arrivals arrivals;
  const auto deadline = std::chrono::steady_clock::now() + 60s;
  while (source.lag() != std::uint64_t{0} && std::chrono::steady_clock::now() < deadline) {
    std::vector<SourceRecord> records;
    REQUIRE(source.poll(10'000, records));
    for (const SourceRecord& record : records)
      arrivals.add(record.record);
    if (records.empty()) std::this_thread::sleep_for(5ms);
  }
  CHECK(source.lag() == std::uint64_t{0});
  source.close();
  return arrivals;
}

std::uint64_t waiting_in(const std::filesystem::path& outbox) {
  const auto open = gateway::Outbox::open_read_only(outbox);
  if (!open) return 1;
  const auto summary = (*open)->summary();
  return summary ? summary->rows : 1;
}

}  // namespace

TEST_CASE("what a gateway accepted arrives in order, however often it is killed") {
  const std::uint64_t kills = from_environment("BORA_KILLS", 5);
  const std::uint64_t outages = from_environment("BORA_OUTAGES", 0);
  const std::uint64_t seed = from_environment("BORA_SEED", 1);
  std::mt19937_64 dice{seed};
  const auto pause = [&](std::uint64_t from, std::uint64_t to) {
    std::this_thread::sleep_for(std::chrono::milliseconds{from + dice() % (to - from + 1)});
  };

  const testing::TemporaryDirectory directory;
  const std::string topic = "test.reports.gateway." + std::to_string(::getpid());
  KafkaClient operator_client(RD_KAFKA_PRODUCER, tls_settings("operator"));
  REQUIRE(operator_client.create_topic(topic, 6) == "");
  const auto arguments = arguments_of(directory.path(), topic);
  const auto start = [&] {
    return std::make_unique<e2e::Program>(BORA_GATEWAY, arguments, directory.path() / "log");
  };

  auto program = start();
  REQUIRE(program->wait_for("\"message\":\"ready\"", 30s));
  GatewayLoad load{{.socket = directory.path() / "socket"}};
  std::future<void> coming;
  for (std::uint64_t kill = 0; kill < kills; ++kill) {
    // The broker goes before one kill and comes back after the next but one, while the kills go on: a
    // gateway ends, starts and takes messages without it, and is ended again while it catches up.
    const bool goes = outages > 0 && kill % 4 == 1 && kill / 4 < outages;
    const bool comes = outages > 0 && kill % 4 == 3 && kill / 4 < outages;
    if (goes) {
      if (coming.valid()) coming.get();
      testing::make_happen(testing::ServerEvent::kKill, "kafka");
    }
    pause(300, 1500);
    program->kill();
    if (comes)
      coming = std::async(std::launch::async, testing::make_happen, testing::ServerEvent::kStart,
                          "kafka");
    pause(0, 300);
    program = start();
  }
  CHECK(program->wait_for("\"message\":\"ready\"", 30s));
  pause(500, 500);
  const std::vector<std::uint64_t> accepted = load.finish();

  if (coming.valid()) coming.get();
  const auto outbox = directory.path() / "outbox.db";
  // What gathered while the broker was away takes its time: only standing still is a failure.
  std::uint64_t left = waiting_in(outbox);
  for (auto deadline = std::chrono::steady_clock::now() + 60s;
       left > 0 && std::chrono::steady_clock::now() < deadline;) {
    std::this_thread::sleep_for(50ms);
    const std::uint64_t now_left = waiting_in(outbox);
    if (now_left < left) deadline = std::chrono::steady_clock::now() + 60s;
    left = now_left;
  }
  INFO(program->output());
  CHECK(waiting_in(outbox) == 0);
  program->signal(SIGTERM);
  CHECK(program->wait(30s) == 0);

  const Arrivals arrivals = read_all(topic);
  std::uint64_t messages = 0;
  std::uint64_t missing = 0;
  for (std::size_t i = 0; i < accepted.size(); ++i) {
    messages += accepted[i];
    const auto next = arrivals.next.find(i + 1);
    const std::uint64_t came = next == arrivals.next.end() ? 0 : next->second;
    missing += came < accepted[i] ? accepted[i] - came : 0;
  }
  std::cout << "seed " << seed << ": " << kills << " kills, " << outages << " outages, "
            << load.breaks() << " broken connections; accepted " << messages << ", arrived "
            << arrivals.records << ", twice " << arrivals.duplicates << ", too early "
            << arrivals.too_early << ", missing " << missing << '\n';
  CHECK(messages > 0);
  CHECK(missing == 0);
  CHECK(arrivals.too_early == 0);
  CHECK(arrivals.unreadable == 0);
  CHECK(arrivals.wrong_key == 0);
  CHECK(operator_client.delete_topic(topic) == "");
}
