// KairosDB and InfluxDB writers against a local server that does what servers do on a bad day.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "connectors/http/server.hpp"
#include "connectors/timeseries/gzip.hpp"
#include "connectors/timeseries/influx.hpp"
#include "connectors/timeseries/kairosdb.hpp"

using namespace bora;
using namespace bora::timeseries;
using Json = nlohmann::json;

namespace {

std::vector<Sample> samples_of(std::int64_t count) {
  std::vector<Sample> samples;
  for (std::int64_t i = 0; i < count; ++i)
    samples.push_back({.metric = "temperature",
                       .tags = {{"device", std::to_string(i / 3)}},
                       .time_ms = i,
                       .value = 4.0});
  return samples;
}

/// Takes what a KairosDB takes; `fault` may answer instead, before anything is stored.
struct FakeServer {
  using Fault = std::function<int(int request)>;
  std::mutex mutex;
  std::set<std::int64_t> stored;
  std::int64_t bad = -1;  ///< The time of a sample that it refuses without naming it.
  int requests = 0;
  Fault fault;
  http::Server server{{}};

  explicit FakeServer(Fault how = {}) : fault(std::move(how)) {
    server.route(http::Method::kPost, "/api/v1/datapoints",
                 [this](const http::Request& request) { return answer(request); });
    REQUIRE(server.start().is_ok());
  }
  http::Response answer(const http::Request& request) {
    const std::lock_guard lock{mutex};
    if (const int status = fault ? fault(requests++) : 0; status != 0)
      return http::json(status, R"({"errors":["a bad day"]})");
    const auto body = gunzip(request.body, 1 << 20);
    if (!body) return http::json(400, R"({"errors":["no gzip"]})");
    bool is_bad = false;
    for (const Json& metric : Json::parse(*body))
      for (const Json& point : metric["datapoints"]) {
        // 4.0 must not be taken for a whole number.
        is_bad |= point[0] == bad || !point[1].is_number_float() || metric["type"] != "double";
        if (point[0] != bad) stored.insert(point[0].get<std::int64_t>());
      }
    return is_bad ? http::json(400, R"({"errors":["something is wrong"]})")
                  : http::Response{.status = 204};
  }
  [[nodiscard]] EndpointOptions endpoint() const {
    EndpointOptions options;
    options.url = {.host = "127.0.0.1", .port = server.port(), .target = "/"};
    options.max_samples = 20;
    options.timeout = std::chrono::milliseconds{2'000};
    return options;
  }
};

}  // namespace

TEST_CASE("a KairosDB that answers 500 to half of the requests gets every sample at once") {
  FakeServer fake{[](int request) { return request % 2 == 0 ? 500 : 0; }};
  KairosDb kairos{fake.endpoint()};
  const auto written = kairos.write(samples_of(50));
  REQUIRE(written.is_ok());
  CHECK(written->empty());
  CHECK(fake.requests == 6);
  CHECK(fake.stored.size() == 50);
}

TEST_CASE("a KairosDB that answers 500 three times in a row is away, and gets every sample later") {
  FakeServer fake{[](int request) { return request % 5 < 3 ? 500 : 0; }};
  KairosDb kairos{fake.endpoint()};
  const auto samples = samples_of(50);  // three requests
  int attempts = 0;
  for (std::size_t done = 0; done < samples.size();) {
    const auto part = std::span{samples}.subspan(done, std::min<std::size_t>(20, 50 - done));
    REQUIRE(++attempts < 20);
    const auto written = kairos.write(part);
    if (written) {
      CHECK(written->empty());
      done += part.size();
      continue;
    }
    CHECK(written.error().kind == ErrorKind::kUnavailable);
    CHECK_THAT(written.error().message, Catch::Contains("500") && Catch::Contains("a bad day"));
  }
  CHECK(attempts == 5);
  CHECK(fake.stored.size() == 50);
}

TEST_CASE("a sample that is refused without a name is found, and the others are stored") {
  FakeServer fake;
  fake.bad = 17;
  KairosDb kairos{fake.endpoint()};
  const auto written = kairos.write(samples_of(40));
  REQUIRE(written.is_ok());
  REQUIRE(written->size() == 1);
  CHECK(written->front().index == 17);
  CHECK_THAT(written->front().reason, Catch::Contains("something is wrong"));
  CHECK(fake.stored.size() == 39);
}

TEST_CASE("a server that refuses whatever it gets is away, and no sample is to blame") {
  for (const int status : {400, 401, 403, 404, 429, 503}) {
    FakeServer fake{[status](int) { return status; }};
    KairosDb kairos{fake.endpoint()};
    const auto written = kairos.write(samples_of(1000));
    REQUIRE_FALSE(written.is_ok());
    CHECK(written.error().kind == ErrorKind::kUnavailable);
    CHECK_THAT(written.error().message, Catch::Contains(std::to_string(status)));
    CHECK(fake.requests < 100);
  }
}

TEST_CASE("a request that is too large is sent in halves") {
  FakeServer fake{[](int request) { return request == 0 ? 413 : 0; }};
  KairosDb kairos{fake.endpoint()};
  const auto written = kairos.write(samples_of(20));
  REQUIRE(written.is_ok());
  CHECK(written->empty());
  CHECK(fake.requests == 3);
  CHECK(fake.stored.size() == 20);
}

TEST_CASE("no server at all is unavailable") {
  EndpointOptions options;
  {
    const FakeServer gone;
    options = gone.endpoint();
  }
  KairosDb kairos{options};
  const auto written = kairos.write(samples_of(3));
  REQUIRE_FALSE(written.is_ok());
  CHECK(written.error().kind == ErrorKind::kUnavailable);
}

TEST_CASE("an answer of KairosDB names the metrics that it refuses") {
  const auto named = kairos_refusals(
      R"({"errors":["metric[3](name=t).tag[gateway].value may not be empty.","other"]})");
  REQUIRE(named.size() == 1);
  CHECK(named.front().index == 3);
  CHECK(kairos_refusals("<html>").empty());
  CHECK(kairos_refusals(R"({"errors":"metric[1]"})").empty());
}

TEST_CASE("a line holds names with what the protocol escapes, and whole numbers as such") {
  std::string line;
  append_line(
      line,
      {.metric = "odd, name", .tags = {{"a=b", "c d"}}, .time_ms = 12, .value = std::int64_t{75}});
  append_line(line, {.metric = "m", .tags = {{"t", "1"}}, .time_ms = -1, .value = 1e-7});
  CHECK(line == "odd\\,\\ name,a\\=b=c\\ d value=75i 12\nm,t=1 value=1.0e-07 -1\n");
}
