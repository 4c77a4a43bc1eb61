#include <string>

#include <catch2/catch.hpp>

#include "connectors/http/message.hpp"
#include "connectors/http/router.hpp"
#include "connectors/http/server.hpp"
#include "connectors/http/target.hpp"
#include "connectors/http/url.hpp"

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

TEST_CASE("a segment in braces takes any segment that is not empty, decoded") {
  http::internal::Router router;
  router.add(Method::kGet, "/devices", Server::Handler{nothing});
  router.add(Method::kGet, "/devices/{id}", Server::Handler{nothing});
  router.add(Method::kPut, "/devices/{id}/config/{key}", Server::Handler{nothing});
  router.add(Method::kGet, "/devices/all", Server::Handler{nothing});
  const auto one = router.find(Method::kGet, "/devices/a%20b%2Fc");
  REQUIRE(one.target != nullptr);
  CHECK(one.parameters == std::vector<PathParameter>{{"id", "a b/c"}});
  CHECK(router.find(Method::kPut, "/devices/7/config/x").parameters ==
        std::vector<PathParameter>{{"id", "7"}, {"key", "x"}});
  CHECK(router.find(Method::kGet, "/devices/all").parameters.empty());
  CHECK(router.find(Method::kPut, "/devices/all/config/x").target != nullptr);
  for (const char* none : {"/devices/", "/devices/7/", "/devices/7/config", "/devices//config/x",
                           "devices", "", "/", "/devices/7/config/x/y"}) {
    INFO(none);
    CHECK(router.find(Method::kGet, none).target == nullptr);
    CHECK(router.find(Method::kGet, none).allow.empty());
  }
  CHECK(router.find(Method::kPost, "/devices/7").allow == "GET, HEAD");
  CHECK(router.find(Method::kGet, "/devices/%2").is_malformed);
  CHECK(router.find(Method::kGet, "/devices/%00").is_malformed);
}

TEST_CASE("what stands in a query is found by its name and decoded") {
  CHECK(find_in_query("a=1&b=2", "b") == "2");
  CHECK(find_in_query("a=x+y%2B", "a") == "x y+");
  CHECK(find_in_query("%61=1", "a") == "1");
  CHECK(find_in_query("a&b=2", "a") == "");
  CHECK_FALSE(find_in_query("a=1&b=2", "c"));
  CHECK_FALSE(find_in_query("a=%zz", "a"));
  CHECK_FALSE(find_in_query("", "a"));
}

TEST_CASE("a login is user and password in strict base64, and nothing else") {
  const auto auth = parse_basic_auth("Basic YW5hOnBhOnNz");
  REQUIRE(auth);
  CHECK(auth->user == "ana");
  CHECK(auth->password == "pa:ss");
  CHECK(parse_basic_auth("basic  YW5hOg==")->password.empty());
  for (const char* wrong :
       {"", "Basic", "Basic ", "Basic YW5h", "Basic YW5hOg", "Basic YW5hOh==", "Basic YW5h\nOg==",
        "Bearer YW5hOg==", "BasicYW5hOg==", "Basic YW5hOgo=", "Basic ====", "Basic YW5hOg==="}) {
    INFO(wrong);
    CHECK_FALSE(parse_basic_auth(wrong));
  }
  CHECK(parse_bearer("Bearer a.b-c_d") == "a.b-c_d");
  CHECK(parse_bearer("bearer  x") == "x");
  for (const char* wrong : {"", "Bearer", "Bearer ", "Basic x", "Bearer a b", "Bearer a\"b"})
    CHECK(parse_bearer(wrong).empty());
}

TEST_CASE("a URL is taken apart, and one that cannot be called is refused without its password") {
  const auto sms = parse_http_url("https://sms.example/v1/send?x=1");
  REQUIRE(sms);
  CHECK(sms->is_https);
  CHECK(sms->host == "sms.example");
  CHECK(sms->port == 443);
  CHECK(sms->target == "/v1/send?x=1");
  const auto here = parse_http_url("http://[::1]:8080?a");
  REQUIRE(here);
  CHECK(here->host == "::1");
  CHECK(here->port == 8080);
  CHECK(here->target == "/?a");
  for (const char* wrong :
       {"", "sms.example", "ftp://x/", "http://", "http://x:0/", "http://x:70000/", "http://x:1y/",
        "http://ana:hidden@x/", "http://x/a b", "http://x/#f", "http://[::1/", "hidden:x"}) {
    INFO(wrong);
    const auto url = parse_http_url(wrong);
    REQUIRE_FALSE(url);
    CHECK(url.error().kind == ErrorKind::kInvalid);
    CHECK(url.error().message.find("hidden@") == std::string::npos);
    CHECK(url.error().message.find("ana:") == std::string::npos);
  }
}

TEST_CASE("the address of a peer comes without its port") {
  CHECK(address_of("127.0.0.1:50123") == "127.0.0.1");
  CHECK(address_of("[::1]:50123") == "::1");
}
