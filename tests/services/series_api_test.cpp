// The same queries on a real KairosDB and on the embedded store that answers its interface.

#include "topologies/datapoints/series_api.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "connectors/http/client.hpp"
#include "connectors/http/server.hpp"
#include "connectors/http/url.hpp"
#include "support/memory_series.hpp"
#include "support/series_suite.hpp"
#include "support/services.hpp"
#include "topologies/datapoints/remote_series.hpp"

using namespace bora;
using namespace std::chrono_literals;
using bora::test::battery;
using bora::test::temperature;
using Json = nlohmann::json;

namespace {

constexpr std::int64_t kT = 1'466'380'800'123;  // 20 June 2016, 00:00:00.123
constexpr std::int64_t kHour = 3'600'000;

Json answer_of(http::Client& client, const std::string& what, const Json& query) {
  const auto response = client.post("/api/v1/datapoints/query" + what, query.dump());
  if (!response) FAIL(response.error().message);
  INFO(query.dump() << "\n" << response->body);
  REQUIRE(response->status == 200);
  return Json::parse(response->body);
}

struct Both {
  test::MemorySeries ours;
  SystemClock clock;
  http::Server server{{}};
  http::Client here;
  http::Client there;
  std::uint64_t device;

  Both() : here(start()), there(real()) {
    device = static_cast<std::uint64_t>(std::chrono::system_clock::now().time_since_epoch() / 1us) *
             1000;
    std::vector<coldchain::SeriesPoint> points;
    for (int i = 0; i < 60; ++i) {
      points.push_back(temperature(device, kT + i * kHour / 2, i * 0.25 - 3));
      points.push_back(battery(device, kT + i * kHour / 2, 100 - i));
      points.push_back(temperature(device + 1, kT + i * 7 * kHour + 1, i, 8));
    }
    REQUIRE(ours.write(points).is_ok());
    timeseries::EndpointOptions options;
    options.url = *http::parse_http_url(testing::kairosdb_url());
    datapoints::KairosSeries kairos{options};
    REQUIRE(kairos.write(points).is_ok());
    const Json all = query({{"name", "battery"}});
    for (int i = 0; i < 100; ++i) {
      if (answer_of(there, "", all)["queries"][0]["sample_size"] == 60) return;
      std::this_thread::sleep_for(50ms);
    }
    FAIL("KairosDB does not show what was written");
  }

  /// About the one device, over all its time, unless `metric` and `range` say else.
  [[nodiscard]] Json query(Json metric, Json range = Json::object()) const {
    if (!metric.contains("tags")) metric["tags"]["device"] = {std::to_string(device)};
    if (!range.contains("start_absolute")) range["start_absolute"] = kT;
    if (!range.contains("end_absolute")) range["end_absolute"] = kT + 1000 * kHour;
    range["metrics"] = {std::move(metric)};
    return range;
  }

 private:
  http::ClientOptions start() {
    const datapoints::SeriesApi api{ours, clock};
    api.mount(server);
    REQUIRE(server.start().is_ok());
    return {.port = server.port()};
  }
  static http::ClientOptions real() {
    const auto url = http::parse_http_url(testing::kairosdb_url());
    return {.host = url->host, .port = url->port};
  }
};

Json sampled(const std::string& name, std::int64_t value, const std::string& unit,
             Json more = Json::object()) {
  more["name"] = name;
  more["sampling"] = {{"value", value}, {"unit", unit}};
  return more;
}

}  // namespace

TEST_CASE("the embedded store answers queries as a real KairosDB does") {
  Both both;
  const std::string device = std::to_string(both.device);
  const std::string second = std::to_string(both.device + 1);
  std::vector<Json> queries;
  const auto ask = [&](const Json& metric, const Json& range = Json::object()) {
    queries.push_back(both.query(metric, range));
  };
  ask({{"name", "temperature"}});
  ask({{"name", "battery"}});
  ask({{"name", "no_such_metric"}});
  ask({{"name", "temperature"}, {"tags", {{"device", {device, second}}}}});
  ask({{"name", "temperature"}, {"tags", {{"device", device}, {"gateway", {"7", "8"}}}}});
  ask({{"name", "temperature"}, {"tags", {{"device", {device}}, {"gateway", {"8"}}}}});
  ask({{"name", "temperature"}, {"tags", {{"device", {device}}, {"site", {"x"}}}}});
  ask({{"name", "temperature"}, {"limit", 7}});
  ask({{"name", "temperature"}, {"limit", 7}, {"order", "desc"}});
  ask({{"name", "temperature"}, {"order", "desc"}});
  ask({{"name", "temperature"}, {"exclude_tags", true}});
  ask({{"name", "temperature"}},
      {{"start_absolute", kT + kHour}, {"end_absolute", kT + 2 * kHour}});
  ask({{"name", "temperature"}}, {{"start_absolute", kT + 1}, {"end_absolute", kT + 2}});
  for (const char* name : {"min", "max", "avg", "sum", "count", "first", "last"}) {
    for (const char* metric : {"temperature", "battery"}) {
      ask({{"name", metric}, {"aggregators", {sampled(name, 3, "hours")}}});
      ask({{"name", metric},
           {"aggregators", {sampled(name, 90, "minutes", {{"align_start_time", true}})}}});
    }
  }
  for (const char* unit :
       {"milliseconds", "seconds", "minutes", "hours", "days", "weeks", "months", "years"}) {
    const std::int64_t value = std::string{unit} == "milliseconds" ? 5'000'000
                               : std::string{unit} == "seconds"    ? 5'000
                               : std::string{unit} == "minutes"    ? 77
                                                                   : 1;
    for (const bool is_aligned : {true, false}) {
      const Json align{{"align_sampling", is_aligned}, {"align_start_time", true}};
      ask({{"name", "temperature"}, {"aggregators", {sampled("avg", value, unit, align)}}},
          {{"start_absolute", kT - 40 * 24 * kHour}});
      ask({{"name", "temperature"},
           {"tags", {{"device", {second}}}},
           {"aggregators", {sampled("count", value, unit, {{"align_end_time", true}})}}},
          {{"start_absolute", kT - 11}});
    }
  }
  ask({{"name", "temperature"},
       {"aggregators", {sampled("avg", 1, "hours"), sampled("max", 1, "days")}}});
  for (const Json& query : queries) {
    INFO(query.dump());
    CHECK(answer_of(both.here, "", query) == answer_of(both.there, "", query));
  }
}

TEST_CASE("the embedded store shows tags as a real KairosDB does") {
  Both both;
  const std::vector<std::string> devices{std::to_string(both.device),
                                         std::to_string(both.device + 1)};
  const Json query = both.query({{"name", "temperature"}, {"tags", {{"device", devices}}}});
  const Json here = answer_of(both.here, "/tags", query);
  CHECK(here == answer_of(both.there, "/tags", query));
  CHECK(here["queries"][0]["results"][0]["tags"]["device"] == devices);
}

TEST_CASE("queries come by GET, too, on both") {
  Both both;
  const std::string text = timeseries::percent_encoded(both.query({{"name", "battery"}}).dump());
  const auto here = both.here.get("/api/v1/datapoints/query?query=" + text);
  const auto there = both.there.get("/api/v1/datapoints/query?query=" + text);
  REQUIRE(here.is_ok());
  REQUIRE(there.is_ok());
  CHECK(Json::parse(here->body) == Json::parse(there->body));
  const auto names = both.there.get("/api/v1/metricnames?prefix=temp");
  REQUIRE(names.is_ok());
  CHECK(Json::parse(names->body) ==
        Json::parse(both.here.get("/api/v1/metricnames?prefix=temp")->body));
}

TEST_CASE("what is wrong with a query is wrong on both") {
  Both both;
  const auto status = [](http::Client& client, const std::string& body) {
    const auto response = client.post("/api/v1/datapoints/query", body);
    REQUIRE(response.is_ok());
    if (response->status == 400) CHECK(Json::parse(response->body)["errors"].is_array());
    return response->status;
  };
  for (const char* body :
       {"{", "{}", R"({"metrics":[{"name":"temperature"}]})", R"({"start_absolute":1})",
        R"({"start_absolute":5,"end_absolute":4,"metrics":[{"name":"temperature"}]})",
        R"({"start_absolute":1,"metrics":[{"name":""}]})",
        R"({"start_absolute":1,"metrics":[{"name":"t","aggregators":[{"name":"frobnicate"}]}]})"}) {
    INFO(body);
    CHECK(status(both.here, body) == 400);
    CHECK(status(both.there, body) == 400);
  }
}
