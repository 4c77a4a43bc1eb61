#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "connectors/http/server.hpp"
#include "services/gateway/publishers.hpp"
#include "topologies/coldchain/codec.hpp"

using namespace bora;
using namespace bora::gateway;

namespace {

/// An ingest endpoint that takes valid reports, unless it was told to answer something else first.
struct Endpoint {
  Endpoint() {
    server.route(http::Method::kPost, "/v1/reports", [this](const http::Request& request) {
      const std::lock_guard lock{mutex};
      if (next_status != 0) return http::problem(std::exchange(next_status, 0), "as the test says");
      const auto report = coldchain::parse_report(request.body);
      if (!report) return http::problem(400, report.rejection().text);
      taken.push_back(request.body);
      return http::text(202, "");
    });
    BORA_CHECK(server.start().is_ok(), "no port to listen on");
    client.port = server.port();
  }

  http::Server server{{.port = 0}};
  http::ClientOptions client;
  std::mutex mutex;  // guards what follows
  int next_status = 0;
  std::vector<std::string> taken;
};

SimulatedRecord some_record() {
  RandomOptions one;
  one.limit = 1;
  return *(*Simulation::make({}, random_measurements(one)))->next();
}

}  // namespace

TEST_CASE("a report goes to an ingest endpoint, byte for byte") {
  Endpoint endpoint;
  HttpPublisher publisher{endpoint.client, "/v1/reports"};
  const SimulatedRecord record = some_record();
  REQUIRE(publisher.publish(record));
  REQUIRE(publisher.finish());
  CHECK(endpoint.taken == std::vector<std::string>{record.value});
  CHECK(publisher.refused() == 0);
}

TEST_CASE("an endpoint that is overloaded or failing is asked again, by whoever publishes") {
  Endpoint endpoint;
  HttpPublisher publisher{endpoint.client, "/v1/reports"};
  const SimulatedRecord record = some_record();
  for (const int status : {429, 500, 503}) {
    endpoint.next_status = status;
    CHECK(publisher.publish(record).is_retryable());
    CHECK(publisher.publish(record));
  }
  endpoint.server.stop(std::chrono::milliseconds{1000});
  CHECK(publisher.publish(record).is_retryable());
}

TEST_CASE("an endpoint refuses a malformed record as expected, and nothing else") {
  Endpoint endpoint;
  HttpPublisher publisher{endpoint.client, "/v1/reports"};
  SimulatedRecord record = some_record();
  endpoint.next_status = 400;
  const Status refused = publisher.publish(record);
  REQUIRE_FALSE(refused);
  CHECK_FALSE(refused.is_retryable());
  record.value.pop_back();
  record.rejected = coldchain::RejectReason::kMalformedJson;
  CHECK(publisher.publish(record));
  CHECK(publisher.refused() == 1);
  endpoint.next_status = 404;
  CHECK_FALSE(publisher.publish(record));
}
