#include <algorithm>
#include <fstream>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "services/gateway/credentials.hpp"
#include "services/gateway/simulation.hpp"
#include "support/temporary_directory.hpp"
#include "topologies/coldchain/codec.hpp"

using namespace bora;
using namespace bora::gateway;
using coldchain::DeviceId;
using coldchain::GatewayId;
using coldchain::RejectReason;

namespace {

const std::vector<std::filesystem::path> kExampleData{BORA_DATA "/suthaharan-multihop.csv",
                                                      BORA_DATA "/suthaharan-singlehop.csv"};

std::unique_ptr<Measurements> random_of(std::uint64_t limit) {
  RandomOptions options;
  options.devices = 5;
  options.limit = limit;
  return random_measurements(options);
}

std::unique_ptr<Simulation> simulation_of(const SimulationOptions& options,
                                          std::unique_ptr<Measurements> source) {
  auto made = Simulation::make(options, std::move(source));
  INFO(made.status().message());
  REQUIRE(made);
  return *std::move(made);
}

std::vector<SimulatedRecord> all_of(Simulation& simulation) {
  std::vector<SimulatedRecord> records;
  while (auto record = simulation.next())
    records.push_back(*std::move(record));
  return records;
}

Status csv_status(const std::string& text) {
  const testing::TemporaryDirectory directory;
  const std::vector<std::filesystem::path> files{directory.path() / "m.csv"};
  std::ofstream{files[0]} << text;
  return read_csv(files).status();
}

}  // namespace

TEST_CASE("the example data are 37,674 readings of eight devices, five seconds apart") {
  const auto source = read_csv(kExampleData);
  REQUIRE(source);
  CHECK((*source)->size() == 37674u);
  std::map<DeviceId, std::vector<Measurement>> devices;
  WallTime last{};
  bool is_in_order = true;
  while (const auto measurement = (*source)->next()) {
    is_in_order = is_in_order && measurement->time >= last;
    last = measurement->time;
    devices[measurement->device_id].push_back(*measurement);
  }
  CHECK(is_in_order);
  REQUIRE(devices.size() == 8);
  const auto& first = devices.at(DeviceId{101});
  CHECK(devices.count(DeviceId{204}) == 1);
  REQUIRE(first.size() == 4690);
  CHECK(first[0].temperature == 30.21);
  CHECK(first[0].time == from_millis(kDefaultStartMillis + 5000));
  CHECK(first[4689].time == from_millis(kDefaultStartMillis + 4690 * 5000));
  CHECK(first[0].battery >= 60);
  CHECK(first[0].battery <= 100);
  CHECK(first[0].battery - first[4689].battery == 4690 / 200);
}

TEST_CASE("a CSV file that cannot be used is named with its line") {
  CHECK(csv_status("").message().find("m.csv:1: the file is empty") != std::string::npos);
  CHECK(csv_status("reading,temperature\n").message().find("m.csv:1: there is no column mote_id") !=
        std::string::npos);
  const std::string header = "reading,mote_id,x,temperature\n";
  CHECK(
      csv_status(header + "1,1,0,4.5\n2,1,0\n").message().find("m.csv:3: the line is too short") !=
      std::string::npos);
  CHECK(csv_status(header + "1,100,0,4.5\n").message().find("m.csv:2: mote_id") !=
        std::string::npos);
  CHECK(csv_status(header + "1,1,0,inf\n").message().find("m.csv:2: temperature") !=
        std::string::npos);
  CHECK(csv_status(header + "-1,1,0,4\n").message().find("m.csv:2: reading") != std::string::npos);
  CHECK(csv_status(header + "\r\n1,1,0,4.5\r\n").is_ok());
  const std::vector<std::filesystem::path> missing{"/nowhere.csv"};
  CHECK(read_csv(missing).error().kind == ErrorKind::kNotFound);
}

TEST_CASE("the same seed gives the same records, another seed others") {
  SimulationOptions options;
  options.duplicates = Portion::count(7);
  options.malformed = Portion::share(0.1);
  options.skew = std::chrono::seconds{30};
  const auto values_of = [&](std::uint64_t seed) {
    options.seed = seed;
    std::vector<std::string> values;
    for (const SimulatedRecord& record : all_of(*simulation_of(options, random_of(200))))
      values.push_back(record.value);
    return values;
  };
  CHECK(values_of(5) == values_of(5));
  CHECK(values_of(5) != values_of(6));
}

TEST_CASE("every record meets the fate that the simulation foretells") {
  SimulationOptions options;
  options.duplicates = Portion::count(40);
  options.malformed = Portion::count(33);
  options.gateways = 2;
  const auto simulation = simulation_of(options, random_of(300));
  CHECK(simulation->total() == 373u);
  const WallTime received = from_millis(kDefaultStartMillis) + std::chrono::hours{24 * 365};

  std::map<DeviceId, std::uint64_t> accepted;
  std::map<RejectReason, std::uint64_t> rejected;
  std::map<std::string, int> copies;
  for (const SimulatedRecord& record : all_of(*simulation)) {
    CHECK(record.value.find('\n') == std::string::npos);
    CHECK(record.key == coldchain::record_key(record.device_id));
    const auto report = coldchain::parse_report(record.value);
    auto reason = report ? std::optional<RejectReason>{} : report.rejection().reason;
    if (report) {
      if (const auto skew = coldchain::check_clock_skew(report->time, received))
        reason = skew->reason;
    }
    CHECK(reason == record.rejected);
    CHECK((record.kind == SimulatedRecord::Kind::kMalformed) == record.rejected.has_value());
    if (reason) {
      ++rejected[*reason];
      continue;
    }
    ++accepted[report->device_id];
    ++copies[record.value];
    CHECK(report->device_id == record.device_id);
    CHECK(report->time == record.time);
    CHECK(report->device_secret == device_secret(options.seed, record.device_id));
    CHECK(report->gateway_secret == gateway_secret(options.seed, record.gateway_id));
  }
  const Expectation& expected = simulation->expectation();
  CHECK(expected.readings == 300);
  CHECK(expected.duplicates == 40);
  CHECK(expected.malformed == 33);
  CHECK(expected.records() == 373);
  CHECK(accepted == expected.archived_by_device);
  CHECK(rejected == expected.rejected_by_reason);
  CHECK(rejected.size() == 10);
  CHECK(copies.size() == 300);
}

TEST_CASE("every gateway gets its devices and a token of 40 hex digits") {
  SimulationOptions options;
  options.gateways = 3;
  std::set<GatewayId> gateways;
  for (const SimulatedRecord& record : all_of(*simulation_of(options, random_of(10))))
    gateways.insert(record.gateway_id);
  CHECK(gateways == std::set<GatewayId>{GatewayId{1}, GatewayId{2}, GatewayId{3}});
  const auto secret = gateway_secret(1, GatewayId{1});
  CHECK(secret.reveal().size() == 40);
  CHECK(secret.reveal().find_first_not_of("0123456789ABCDEF") == std::string_view::npos);
  CHECK_FALSE(secret == gateway_secret(2, GatewayId{1}));
  CHECK_FALSE(secret == gateway_secret(1, GatewayId{2}));
}

TEST_CASE("more duplicates than readings come out exactly, even of one reading") {
  SimulationOptions options;
  options.duplicates = Portion::count(25);
  const auto simulation = simulation_of(options, random_of(1));
  CHECK(all_of(*simulation).size() == 26);
  CHECK(simulation->expectation().duplicates == 25);
}

TEST_CASE("a gateway's clock is off by a fixed time within the skew") {
  SimulationOptions exact;
  SimulationOptions skewed;
  skewed.skew = std::chrono::minutes{2};
  const auto right = all_of(*simulation_of(exact, random_of(60)));
  const auto wrong = all_of(*simulation_of(skewed, random_of(60)));
  std::map<GatewayId, std::set<std::int64_t>> offsets;
  for (std::size_t i = 0; i < right.size(); ++i) {
    offsets[right[i].gateway_id].insert((wrong[i].time - right[i].time).count());
  }
  std::set<std::int64_t> different;
  for (const auto& [gateway, of_gateway] : offsets) {
    REQUIRE(of_gateway.size() == 1);
    CHECK(std::abs(*of_gateway.begin()) <= 120'000);
    different.insert(*of_gateway.begin());
  }
  CHECK(different.size() == 3);
}

TEST_CASE("a stream without end takes shares and no exact counts") {
  SimulationOptions options;
  options.duplicates = Portion::share(0.2);
  options.malformed = Portion::share(0.1);
  const auto simulation = simulation_of(options, random_measurements({}));
  CHECK_FALSE(simulation->total());
  for (int i = 0; i < 3000; ++i)
    REQUIRE(simulation->next());
  const Expectation& expected = simulation->expectation();
  CHECK(expected.records() == 3000);
  CHECK(static_cast<double>(expected.duplicates) / static_cast<double>(expected.readings) ==
        Approx(0.2).margin(0.04));
  CHECK(static_cast<double>(expected.malformed) / static_cast<double>(expected.readings) ==
        Approx(0.1).margin(0.03));

  options.duplicates = Portion::count(1);
  CHECK(Simulation::make(options, random_measurements({})).error().kind == ErrorKind::kInvalid);
}

TEST_CASE("options out of range are refused") {
  SimulationOptions options;
  options.gateways = 0;
  CHECK_FALSE(Simulation::make(options, random_of(1)));
  options = {};
  options.skew = std::chrono::milliseconds{-1};
  CHECK_FALSE(Simulation::make(options, random_of(1)));
  options = {};
  options.malformed = Portion::share(-0.5);
  CHECK_FALSE(Simulation::make(options, random_of(1)));
  options = {};
  options.malformed = Portion::count(1);
  CHECK_FALSE(Simulation::make(options, random_of(0)));
}

TEST_CASE("random fridges stay cold and within a battery") {
  const auto source = random_of(2000);
  int given = 0;
  while (const auto measurement = source->next()) {
    ++given;
    REQUIRE(measurement->temperature > -10);
    REQUIRE(measurement->temperature < 18);
    REQUIRE(measurement->battery <= 100);
  }
  CHECK(given == 2000);
}
