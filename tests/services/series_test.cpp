// The series stores outside: a real KairosDB, InfluxDB and VictoriaMetrics.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "connectors/http/client.hpp"
#include "connectors/http/url.hpp"
#include "connectors/timeseries/endpoint.hpp"
#include "services/redis_server.hpp"
#include "support/series_suite.hpp"
#include "support/services.hpp"
#include "support/temporary_directory.hpp"
#include "topologies/datapoints/remote_series.hpp"

using namespace bora;
using namespace std::chrono_literals;
using bora::test::battery;
using bora::test::temperature;

namespace {

timeseries::EndpointOptions endpoint(const std::string& url) {
  auto parsed = http::parse_http_url(url);
  REQUIRE(parsed.is_ok());
  timeseries::EndpointOptions options;
  options.url = *std::move(parsed);
  return options;
}

/// Until it is so, at most for five seconds.
bool eventually(const std::function<bool()>& is_so) {
  const auto deadline = std::chrono::steady_clock::now() + 5s;
  while (!is_so()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(50ms);
  }
  return true;
}

/// Devices that no earlier run wrote to.
std::uint64_t fresh_devices() {
  static std::uint64_t next =
      static_cast<std::uint64_t>(std::chrono::system_clock::now().time_since_epoch() / 1us) * 100;
  return next += 10;
}

/// An influxd of its own on loopback, with the database `coldchain`.
class InfluxServer {
 public:
  InfluxServer() : port_(testing::free_port()) {
    const std::string path = directory_.path().string();
    testing::write_text(path + "/influx.conf",
                        "reporting-disabled = true\nbind-address = \"127.0.0.1:" +
                            std::to_string(testing::free_port()) + "\"\n[meta]\ndir = \"" + path +
                            "/meta\"\n[data]\ndir = \"" + path + "/data\"\nwal-dir = \"" + path +
                            "/wal\"\n[http]\nbind-address = \"127.0.0.1:" + std::to_string(port_) +
                            "\"\n");
    server_ = std::make_unique<testing::Program>(
        std::vector<std::string>{"influxd", "-config", path + "/influx.conf"});
    testing::wait_until_listening(port_);
    http::Client client{{.port = port_}};
    const auto made = client.post("/query?q=CREATE%20DATABASE%20coldchain", "");
    if (!made || made->status != 200) throw std::runtime_error("influxd makes no database");
  }
  [[nodiscard]] std::string url() const {
    return "http://127.0.0.1:" + std::to_string(port_) + "/write?db=coldchain";
  }

 private:
  testing::TemporaryDirectory directory_;
  std::uint16_t port_;
  std::unique_ptr<testing::Program> server_;
};

}  // namespace

TEST_CASE("a real KairosDB keeps the promises of every series store") {
  test::check_series_store([] {
    return test::SeriesUnderTest{
        .store = std::make_unique<datapoints::KairosSeries>(endpoint(testing::kairosdb_url())),
        .eventually = eventually,
        .first_device = fresh_devices()};
  });
}

TEST_CASE("a real InfluxDB keeps the promises of every series store") {
  static const InfluxServer server;
  test::check_series_store([] {
    return test::SeriesUnderTest{
        .store = std::make_unique<datapoints::InfluxSeries>(endpoint(server.url())),
        .eventually = eventually,
        .first_device = fresh_devices()};
  });
}

TEST_CASE("a real KairosDB takes bodies without gzip, too") {
  auto options = endpoint(testing::kairosdb_url());
  options.encoding = timeseries::EndpointOptions::Encoding::kPlain;
  datapoints::KairosSeries store{options};
  const std::uint64_t device = fresh_devices();
  REQUIRE(store.write(std::vector{temperature(device, 1000, 4.5)}).is_ok());
  CHECK(eventually([&] {
    const auto found = store.points(
        {.device_id = coldchain::DeviceId{device}, .range = {from_millis(0), from_millis(2000)}});
    return found && *found == std::vector{temperature(device, 1000, 4.5)};
  }));
}

TEST_CASE("a real KairosDB names the sample that it refuses, and its neighbours are stored") {
  timeseries::KairosDb kairos{endpoint(testing::kairosdb_url())};
  const std::string device = std::to_string(fresh_devices());
  const auto sample = [&](std::int64_t ms, const std::string& gateway) {
    return timeseries::Sample{.metric = "temperature",
                              .tags = {{"device", device}, {"gateway", gateway}},
                              .time_ms = ms,
                              .value = 4.5};
  };
  const std::vector samples{sample(1, "7"), sample(2, ""), sample(3, "8")};  // no empty tags
  const auto written = kairos.write(samples);
  REQUIRE(written.is_ok());
  REQUIRE(written->size() == 1);
  CHECK(written->front().index == 1);
  CHECK_THAT(written->front().reason, Catch::Contains("gateway"));
  CHECK(eventually([&] {
    const auto answer = kairos.query(
        R"({"start_absolute":0,"end_absolute":10,"metrics":[{"name":"temperature","tags":{"device":[")" +
        device + R"("]}}]})");
    return answer && answer->find("[1,4.5],[3,4.5]") != std::string::npos;
  }));
}

TEST_CASE("a real InfluxDB takes the lines around one of another type") {
  static const InfluxServer server;
  timeseries::Influx influx{endpoint(server.url())};
  const auto sample = [](std::int64_t ms, std::variant<double, std::int64_t> value) {
    return timeseries::Sample{
        .metric = "odd, name", .tags = {{"device", "a=b, c"}}, .time_ms = ms, .value = value};
  };
  REQUIRE(influx.write(std::vector{sample(1000, 4.5)}).is_ok());
  const std::vector samples{sample(2000, 5.0), sample(3000, std::int64_t{6}), sample(4000, 7.0)};
  const auto written = influx.write(samples);
  REQUIRE(written.is_ok());
  REQUIRE(written->size() == 1);
  CHECK(written->front().index == 1);
  const auto answer = influx.query(R"(SELECT value FROM "odd, name" WHERE device = 'a=b, c')");
  REQUIRE(answer.is_ok());
  CHECK_THAT(*answer, Catch::Contains("[[1000,4.5],[2000,5],[4000,7]]"));
}

TEST_CASE("a real VictoriaMetrics takes the line protocol") {
  const testing::TemporaryDirectory directory;
  const std::uint16_t port = testing::free_port();
  const testing::Program server{{"victoria-metrics", "-storageDataPath", directory.path().string(),
                                 "-httpListenAddr", "127.0.0.1:" + std::to_string(port),
                                 "-retentionPeriod", "100y"}};
  testing::wait_until_listening(port);
  const std::string url = "http://127.0.0.1:" + std::to_string(port);
  datapoints::InfluxSeries store{endpoint(url + "/write?db=coldchain")};
  constexpr std::int64_t kT = 1'466'380'800'123;
  const auto written = store.write(std::vector{temperature(12, kT, 4.5), battery(12, kT, 75)});
  REQUIRE(written.is_ok());
  CHECK(written->empty());
  http::Client client{{.port = port}};
  // Asked sooner than new series are searchable, it remembers for long that there are none.
  std::this_thread::sleep_for(2s);
  std::string shown;
  const auto shows = [&](const std::string& text) { return shown.find(text) != std::string::npos; };
  const bool is_shown = eventually([&] {
    const auto answer = client.get(
        "/api/v1/export?match%5B%5D=temperature_value&match%5B%5D=battery_value&start=0");
    shown = answer ? answer->body : answer.error().message;
    return shows(R"("values":[4.5],"timestamps":[1466380800123])") && shows(R"("values":[75])");
  });
  INFO(shown);
  CHECK(is_shown);
}
