#include <string>

#include <catch2/catch.hpp>

#include "connectors/http/message.hpp"
#include "connectors/http/router.hpp"
#include "connectors/http/server.hpp"

using namespace bora;
using namespace bora::http;

namespace {
Response nothing(const Request&) { return text(200, ""); }
}  // namespace

TEST_CASE("a route is found by method and exact path, HEAD by GET's") {
  http::internal::Router router;
  router.add(Method::kGet, "/a", Server::Handler{nothing});
  router.add(Method::kPost, "/a", Server::Handler{nothing});
  router.add(Method::kPost, "/b", Server::Handler{nothing});
  CHECK(router.find(Method::kGet, "/a").target != nullptr);
  CHECK(router.find(Method::kHead, "/a").target == router.find(Method::kGet, "/a").target);
  CHECK(router.find(Method::kGet, "/a/").target == nullptr);
  CHECK(router.find(Method::kGet, "/a/").allow.empty());
  CHECK(router.find(Method::kDelete, "/a").target == nullptr);
  CHECK(router.find(Method::kDelete, "/a").allow == "GET, HEAD, POST");
  CHECK(router.find(Method::kHead, "/b").allow == "POST");
}

TEST_CASE("headers are found whatever their case") {
  const std::vector<Header> headers{{"Content-Type", "text/plain"}, {"X-A", "1"}, {"x-a", "2"}};
  CHECK(find_header(headers, "content-type") == "text/plain");
  CHECK(find_header(headers, "X-A") == "1");
  CHECK(find_header(headers, "X-").empty());
}

TEST_CASE("a problem is JSON whatever its detail holds") {
  CHECK(problem(400, "a\"b\\c\nd\x01\xff").body ==
        "{\"type\":\"about:blank\",\"status\":400,\"title\":\"Bad Request\","
        "\"detail\":\"a\\\"b\\\\c\\nd ?\"}\n");
  CHECK(problem(400, "").content_type == "application/problem+json");
}

TEST_CASE("an address beyond loopback is refused unless plain text is allowed") {
  for (const char* address : {"0.0.0.0", "::", "192.0.2.1"}) {
    Server server{{.address = address}};
    const Status started = server.start();
    REQUIRE_FALSE(started);
    CHECK(started.error().kind == ErrorKind::kInvalid);
    CHECK(started.message().find("not loopback") != std::string_view::npos);
  }
  Server server{{.address = "localhost"}};
  CHECK(server.start().message().find("not a numeric address") != std::string_view::npos);
}
