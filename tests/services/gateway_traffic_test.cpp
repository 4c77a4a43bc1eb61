// What a gateway puts on the wire, as the kernel counts it: TLS, Kafka's protocol, TCP and IP headers.
// The specification allows 50 MB a month at one reading of each device in 15 min.

#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <iostream>
#include <linux/tcp.h>
#include <memory>
#include <netinet/in.h>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include <catch2/catch.hpp>

#include "bora/clock.hpp"
#include "connectors/kafka/kafka_sink.hpp"
#include "services/gateway/gateway_options.hpp"
#include "services/gateway/measurements.hpp"
#include "services/gateway/outbox.hpp"
#include "services/gateway/output.hpp"
#include "services/kafka_client.hpp"
#include "support/services.hpp"
#include "support/temporary_directory.hpp"

using namespace bora;
using namespace bora::services;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t kMonth = 30 * 24 * 3600;  // seconds
constexpr std::uint64_t kInterval = 900;          // between two readings of a device, seconds
constexpr double kMegabyte = 1e6;

struct Traffic {
  std::uint64_t bytes = 0;  ///< Both directions, with 52 bytes of IPv4 and TCP for each segment.
  int connections = 0;
};

/// Of the connections that this process has open to the broker's TLS listener.
Traffic traffic() {
  const std::string brokers = testing::kafka_tls_brokers();
  const auto port = static_cast<std::uint16_t>(std::stoul(brokers.substr(brokers.rfind(':') + 1)));
  Traffic sum;
  for (int file = 3; file < 1024; ++file) {
    sockaddr_storage peer{};
    socklen_t size = sizeof peer;
    if (::getpeername(file, reinterpret_cast<sockaddr*>(&peer), &size) != 0) continue;
    if (peer.ss_family != AF_INET && peer.ss_family != AF_INET6) continue;
    // The port stands at the same place in both kinds.
    if (ntohs(reinterpret_cast<const sockaddr_in&>(peer).sin_port) != port) continue;
    tcp_info counts{};
    socklen_t counts_size = sizeof counts;
    if (::getsockopt(file, IPPROTO_TCP, TCP_INFO, &counts, &counts_size) != 0) continue;
    ++sum.connections;
    sum.bytes += counts.tcpi_bytes_sent + counts.tcpi_bytes_received +
                 std::uint64_t{52} * (counts.tcpi_segs_out + counts.tcpi_segs_in);
  }
  return sum;
}

/// An output with the settings that a gateway has by default, on a topic of six partitions.
struct Fixture {
  explicit Fixture(const std::string& name) {
    KafkaClient operator_client(RD_KAFKA_PRODUCER, tls_settings("operator"));
    topic = "test.reports.traffic." + name + "." + std::to_string(::getpid());
    REQUIRE(operator_client.create_topic(topic, 6) == "");
    const auto certs = testing::certs_directory();
    options.topics = host::Url::parse("kafka://" + testing::kafka_tls_brokers()).value();
    options.kafka = {{"security.protocol", "ssl"},
                     {"ssl.ca.location", (certs / "ca.pem").string()},
                     {"ssl.certificate.location", (certs / "gateway.pem").string()},
                     {"ssl.key.location", (certs / "gateway.key").string()}};
    outbox = gateway::Outbox::open({.path = directory.path() / "outbox.db"}).value();
  }
  void remove_topic() const {
    KafkaClient operator_client(RD_KAFKA_PRODUCER, tls_settings("operator"));
    CHECK(operator_client.delete_topic(topic) == "");
  }

  void open() {
    gateway::OutputOptions at_once = options.output();
    at_once.linger = 0ms;  // the test makes the batches
    auto sink = options.sink();
    REQUIRE(sink);
    output = std::make_unique<gateway::Output>(
        *outbox, [sink = *sink] { return std::make_unique<kafka::KafkaSink>(sink); },
        gateway::GatewayIdentity{coldchain::GatewayId{7},
                                 coldchain::GatewaySecret{"B12F31EBDDF2D982895195964FEAB00650314"
                                                          "30B"}},
        at_once, clock);
  }
  /// Stores messages and waits until the broker has acknowledged them.
  void deliver(const std::vector<std::string>& messages) {
    REQUIRE(outbox->append(messages, topic, clock.wall_now()));
    const auto deadline = std::chrono::steady_clock::now() + 30s;
    while (outbox->summary()->rows > 0 && std::chrono::steady_clock::now() < deadline) {
      output->step();
      std::this_thread::sleep_for(2ms);
    }
    REQUIRE(outbox->summary()->rows == 0);
    std::this_thread::sleep_for(60ms);  // the acknowledgements of TCP
  }

  testing::TemporaryDirectory directory;
  SystemClock clock;
  std::string topic;
  gateway::GatewayOptions options;
  std::unique_ptr<gateway::Outbox> outbox;
  std::unique_ptr<gateway::Output> output;
};

/// Fridges' readings without end, as their devices say them.
class Devices {
 public:
  explicit Devices(std::uint64_t count)
      : readings_(gateway::random_measurements(
            {.seed = 1, .devices = count, .limit = {}, .start = from_millis(1'700'000'000'000)})) {}
  std::string next() {
    const auto reading = readings_->next();
    std::array<char, 32> temperature{};
    std::snprintf(temperature.data(), temperature.size(), "%.2f", reading->temperature);
    const std::uint64_t id = to_uint(reading->device_id);
    return R"({"device":{"id":)" + std::to_string(id) + R"(,"auth":)" +
           std::to_string(id * 0x9e3779b97f4a7c15u) + R"(},"reading":{"temp":)" +
           temperature.data() + R"(,"time":)" + std::to_string(to_millis(reading->time)) +
           R"(,"batt":)" + std::to_string(reading->battery) + "}}";
  }

 private:
  std::unique_ptr<gateway::Measurements> readings_;
};

/// Bytes of one refresh of what a connection knows of the topic.
double bytes_of_refresh(std::chrono::milliseconds interval) {
  Fixture fixture{"idle"};
  fixture.options.kafka["topic.metadata.refresh.interval.ms"] = std::to_string(interval.count());
  fixture.open();
  Devices devices{1};
  fixture.deliver({devices.next()});
  const Traffic before = traffic();
  std::this_thread::sleep_for(10 * interval);
  const double each = static_cast<double>(traffic().bytes - before.bytes) / 10;
  fixture.remove_topic();
  return each;
}

}  // namespace

TEST_CASE("a gateway of fifty devices stays under 50 MB a month") {
  const double refresh = bytes_of_refresh(500ms);
  for (const std::uint64_t devices : {1, 20, 50}) {
    Fixture fixture{std::to_string(devices)};
    fixture.open();
    Devices readings{devices};
    fixture.deliver({readings.next()});
    const Traffic connected = traffic();
    REQUIRE(connected.connections > 0);

    const std::uint64_t wait = static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::seconds>(fixture.options.linger).count());
    // Readings come evenly: in each batch those of `wait` seconds after its first, and that one.
    const std::uint64_t together = 1 + devices * wait / kInterval;
    constexpr std::uint64_t kBatches = 25;
    for (std::uint64_t batch = 0; batch < kBatches; ++batch) {
      std::vector<std::string> messages;
      for (std::uint64_t n = 0; n < together; ++n)
        messages.push_back(readings.next());
      fixture.deliver(messages);
    }
    const Traffic after = traffic();
    CHECK(after.connections == connected.connections);
    const double each = static_cast<double>(after.bytes - connected.bytes) / kBatches;

    const double batches =
        static_cast<double>(devices * (kMonth / kInterval)) / static_cast<double>(together);
    const double refreshes = static_cast<double>(kMonth) / 540;
    constexpr double kReconnects = 30;  // one a day
    const double month = (batches * each + refreshes * refresh +
                          kReconnects * static_cast<double>(connected.bytes)) /
                         kMegabyte;
    std::cout << devices << " devices: connecting " << connected.bytes << " bytes, a batch of "
              << together << " " << each << " bytes, a refresh " << refresh << " bytes, " << month
              << " MB a month\n";
    CHECK(month < 50);
    fixture.remove_topic();
  }
}
