// What wrong secrets in masses do to those who have the right ones, and how long a large registry keeps
// a topology from its work. By hand, longer: BORA_RATE=10000 BORA_SECONDS=60, and BORA_DEVICES=100000.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <iostream>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "bora/clock.hpp"
#include "connectors/kafka/kafka_table_source.hpp"
#include "services/chain.hpp"
#include "services/raw_group.hpp"
#include "support/services.hpp"
#include "support/source_probe.hpp"
#include "topologies/coldchain/bcrypt.hpp"
#include "topologies/coldchain/codec.hpp"
#include "topologies/coldchain/registry.hpp"

using namespace bora;
using namespace bora::coldchain;
using namespace bora::services;
using namespace std::chrono_literals;

namespace {

using Steady = std::chrono::steady_clock;

constexpr unsigned kCost = 10;  // as the admin service hashes
const DeviceSecret kRight{64'089'519'511'846'157U};
const GatewaySecret kGatewayToken{std::string{"B12F31EBDDF2D982895195964FEAB0065031430B"}};
constexpr GatewayId kGateway{7};

std::string hash_of(const std::string& secret) {
  const auto hash = coldchain::hash_password(secret, kCost);
  REQUIRE(hash);
  return *hash;
}

/// The gateway, and devices from 1 on that share a secret.
std::vector<Record> registry_of(std::uint64_t devices) {
  std::vector<Record> records;
  const std::string hash = hash_of(std::to_string(kRight.reveal()));
  for (std::uint64_t id = 1; id <= devices; ++id)
    records.push_back(registry_record(DeviceEntry{.id = DeviceId{id},
                                                  .auth_hash = hash,
                                                  .state = State::kActive,
                                                  .config = {{"max_temp", "8"}}})
                          .value());
  records.push_back(
      registry_record(GatewayEntry{.id = kGateway,
                                   .auth_hash = hash_of(std::string{kGatewayToken.reveal()}),
                                   .config = {}})
          .value());
  return records;
}

/// The nth report of all; its time says so.
Record report(std::uint64_t n, std::uint64_t device, DeviceSecret secret) {
  Record record;
  record.key = record_key(DeviceId{device});
  write_report({.device_id = DeviceId{device},
                .gateway_id = kGateway,
                .temperature = 4,
                .time = from_millis(static_cast<std::int64_t>(n)),
                .battery = 50,
                .device_secret = secret,
                .gateway_secret = kGatewayToken},
               record.value);
  return record;
}

std::uint64_t number_of(const Record& reading) {
  return static_cast<std::uint64_t>(to_millis(parse_reading(reading.value).value().time));
}

/// The topic as it grows.
class Tail {
 public:
  Tail(const Chain& chain, const std::string& topic)
      : probe_(std::make_unique<kafka::KafkaTableSource>(
            kafka::KafkaTableSourceOptions{.kafka = {.brokers = testing::kafka_brokers()},
                                           .topic = chain.prefix() + topic},
            clock_)) {
    REQUIRE(probe_.open());
  }
  /// What has come since the last call.
  std::vector<Record> take() {
    probe_.poll();
    std::vector<Record> taken;
    for (; seen_ < probe_.records().size(); ++seen_)
      taken.push_back(probe_.records()[seen_].record);
    return taken;
  }

 private:
  const SystemClock clock_;
  testing::SourceProbe probe_;
  std::size_t seen_ = 0;
};

double percentile(std::vector<double> values, double part) {
  REQUIRE(!values.empty());
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(part * static_cast<double>(values.size() - 1))];
}

std::uint64_t peak_mebibytes(const Chain& chain) {
  return chain.peak_memory_of("authentication") >> 20;
}

/// Good reports, each with when it was sent and when its reading was seen.
struct Flow {
  std::map<std::uint64_t, Steady::time_point> sent;
  std::vector<double> latencies;  ///< s

  void see(Tail& readings) {
    for (const Record& reading : readings.take()) {
      const auto at = sent.find(number_of(reading));
      REQUIRE(at != sent.end());
      latencies.push_back(std::chrono::duration<double>(Steady::now() - at->second).count());
      sent.erase(at);
    }
  }
  bool wait_until_seen(Tail& readings, std::chrono::seconds patience) {
    for (const auto until = Steady::now() + patience; !sent.empty() && Steady::now() < until;) {
      see(readings);
      std::this_thread::sleep_for(2ms);
    }
    return sent.empty();
  }
};

}  // namespace

TEST_CASE("wrong secrets in masses do not keep the right ones from being heard") {
  const std::uint64_t rate = from_environment("BORA_RATE", 1'000);
  const std::uint64_t seconds = from_environment("BORA_SECONDS", 4);
  constexpr std::uint64_t kGood = 20;
  constexpr std::uint64_t kAttacked = 50;
  constexpr auto kSlice = 50ms;
  const std::uint64_t bad_per_slice = rate / 20;
  Chain chain{{}};
  REQUIRE(chain.create_topics("authentication") == 0);
  REQUIRE(chain.publish("registry", registry_of(kGood + kAttacked + 1)));
  chain.start("authentication");
  REQUIRE(chain.wait_until_ready("authentication"));
  Tail readings{chain, "readings"};

  std::uint64_t n = 0;
  Flow warm;
  const auto good = [&](Flow& flow, std::uint64_t device, std::vector<Record>& into) {
    into.push_back(report(++n, device, kRight));
    flow.sent[n] = Steady::now();
  };
  std::vector<Record> slice;
  for (std::uint64_t device = 1; device <= kGood; ++device)
    good(warm, device, slice);
  REQUIRE(chain.publish("reports", slice));
  REQUIRE(warm.wait_until_seen(readings, 60s));

  // Every wrong secret is another one. In the midst of them a device reports for the first time.
  Flow flow;
  std::uint64_t bad = 0;
  const auto begin = Steady::now();
  for (std::uint64_t i = 0; i < seconds * 20; ++i) {
    std::this_thread::sleep_until(begin + i * kSlice);
    slice.clear();
    for (std::uint64_t k = 0; k < bad_per_slice; ++k) {
      ++n;
      slice.push_back(report(n, kGood + 1 + ++bad % kAttacked, DeviceSecret{n}));
    }
    good(flow, 1 + i % kGood, slice);
    if (i == seconds * 10) good(flow, kGood + kAttacked + 1, slice);
    REQUIRE(chain.publish("reports", slice));
    flow.see(readings);
  }
  const double took = std::chrono::duration<double>(Steady::now() - begin).count();
  CHECK(flow.wait_until_seen(readings, 60s));
  CHECK(chain.wait_until_done("reports", "authentication", 120s));

  std::uint64_t refused = 0;
  for (const Record& record : chain.read("reports.rejected"))
    if (nlohmann::json::parse(record.value).at("reason") == "bad_device_token") ++refused;
  CHECK(refused == bad);
  CHECK(flow.latencies.size() == seconds * 20 + 1);
  std::cout << bad << " wrong secrets in " << took
            << " s; seconds from a good report to its reading: p50 "
            << percentile(flow.latencies, 0.5) << ", p99 " << percentile(flow.latencies, 0.99)
            << ", most " << percentile(flow.latencies, 1) << "; peak memory "
            << peak_mebibytes(chain) << " MiB\n";
  CHECK(chain.stop("authentication") == 0);
}

TEST_CASE("a restarted authentication reads the registry, then the reports that wait") {
  const std::uint64_t devices = from_environment("BORA_DEVICES", 2'000);
  Chain chain{{}};
  REQUIRE(chain.create_topics("authentication") == 0);
  REQUIRE(chain.publish("registry", registry_of(devices)));
  // The last of the registry: it is heard only when everything before it was read.
  REQUIRE(chain.publish("reports", {report(1, devices, kRight)}));
  Tail readings{chain, "readings"};
  for (int start = 1; start <= 2; ++start) {
    const auto begin = Steady::now();
    chain.start("authentication");
    std::vector<Record> heard;
    for (const auto until = Steady::now() + 60s; heard.empty() && Steady::now() < until;) {
      std::this_thread::sleep_for(2ms);
      heard = readings.take();
    }
    REQUIRE(heard.size() == 1);
    CHECK(number_of(heard[0]) == static_cast<std::uint64_t>(start));
    std::cout << devices << " devices, start " << start << ": the first reading after "
              << std::chrono::duration<double>(Steady::now() - begin).count() << " s, memory "
              << peak_mebibytes(chain) << " MiB\n";
    CHECK(chain.stop("authentication") == 0);
    if (start == 1) REQUIRE(chain.publish("reports", {report(2, devices, kRight)}));
  }
}
