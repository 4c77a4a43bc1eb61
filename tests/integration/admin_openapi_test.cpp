#include <map>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "services/admin/openapi.hpp"
#include "support/admin_fixture.hpp"
#include "support/openapi_check.hpp"

using namespace bora;
using namespace bora::admin;
using http::Method;

namespace {

struct Documented : testing::AdminFixture {
  testing::OpenApi api{openapi_document()};

  Documented() { REQUIRE(start() == ""); }
  ~Documented() { stop(); }

  // One call, and whether its answer is one that the document knows.
  void expect(int status, Method method, const std::string& path, const std::string& as,
              Permission who, const std::string& body = {}) {
    INFO(to_string(method) << ' ' << path << ' ' << status);
    const auto answer = call(method, path, token_of(who), body);
    REQUIRE(answer.status == status);
    api.check(as, method, answer);
    seen.insert({as, testing::lower(std::string{to_string(method)})});
  }

  std::set<std::pair<std::string, std::string>> seen;
};

using testing::lower;
using testing::OpenApi;

}  // namespace

TEST_CASE_METHOD(Documented,
                 "each route is documented, and each documented operation has a route") {
  const OpenApi::Operations documented = api.operations();
  std::map<std::string, std::set<std::string>> methods;
  for (const auto& [path, method] : documented)
    methods[path].insert(method);
  OpenApi::Operations routed{{"/openapi.yaml", "get"}};
  for (const Operation& operation : part->operations())
    routed.insert({operation.path, lower(std::string{to_string(operation.method)})});
  CHECK(documented == routed);
  // And the live server says the same of itself.
  for (const auto& [path, names] : methods) {
    std::string filled = path;
    for (const char* mark : {"{id}", "{user}"})
      if (const auto at = filled.find(mark); at != std::string::npos)
        filled.replace(at, std::string{mark}.size(), "1");
    const auto answer = call(Method::kPatch, filled, "");
    INFO(path);
    REQUIRE(answer.status == 405);
    std::set<std::string> allowed;
    std::istringstream allow{std::string{http::find_header(answer.headers, "Allow")}};
    for (std::string name; std::getline(allow >> std::ws, name, ',');)
      if (name != "HEAD") allowed.insert(lower(name));
    CHECK(allowed == names);
  }
}

TEST_CASE_METHOD(Documented, "each operation needs the permission that is documented") {
  for (const Operation& operation : part->operations()) {
    const YAML::Node node = api.operation(operation.path, operation.method);
    INFO(operation.path << ' ' << to_string(operation.method));
    if (!operation.needed) {
      CHECK_FALSE(node["x-permission"]);
      CHECK(node["security"]);
      continue;
    }
    REQUIRE(node["x-permission"]);
    CHECK(node["x-permission"].as<std::string>() == to_string(*operation.needed));
    CHECK(node["responses"]["401"]);
    CHECK(static_cast<bool>(node["responses"]["403"]) ==
          (*operation.needed != Permission::kRead || operation.path == "/users/{user}"));
  }
}

TEST_CASE_METHOD(Documented, "each documented operation answers as documented") {
  const auto read = Permission::kRead;
  const auto write = Permission::kWrite;
  const auto admin = Permission::kAdmin;
  expect(200, Method::kGet, "/token", "/token", read);
  expect(401, Method::kPost, "/token", "/token", read);
  const std::string user = R"({"username":"ana","password":"long enough","permission":"read"})";
  expect(201, Method::kPost, "/users", "/users", admin, user);
  expect(409, Method::kPost, "/users", "/users", admin, user);
  expect(400, Method::kPost, "/users", "/users", admin, "{");
  expect(403, Method::kPost, "/users", "/users", write, user);
  expect(200, Method::kGet, "/users/ana", "/users/{user}", admin);
  expect(404, Method::kGet, "/users/eve", "/users/{user}", admin);
  expect(200, Method::kPut, "/users/ana", "/users/{user}", admin, R"({"permission":"write"})");
  expect(422, Method::kPut, "/users/ana", "/users/{user}", admin, "{}");
  expect(204, Method::kDelete, "/users/ana", "/users/{user}", admin);
  expect(409, Method::kDelete, "/users/admin", "/users/{user}", admin);
  for (const std::string& table : {std::string{"/devices"}, std::string{"/gateways"}}) {
    expect(201, Method::kPost, table, table, write);
    expect(403, Method::kPost, table, table, read);
    expect(200, Method::kGet, table, table, read);
    expect(422, Method::kGet, table + "?after=x", table, read);
    expect(200, Method::kGet, table + "/1", table + "/{id}", read);
    expect(404, Method::kGet, table + "/9", table + "/{id}", read);
    expect(200, Method::kPut, table + "/1/config", table + "/{id}/config", write, R"({"a":"b"})");
    expect(422, Method::kPut, table + "/1/config", table + "/{id}/config", write, R"({"a":1})");
    expect(404, Method::kPut, table + "/9/config", table + "/{id}/config", write, "{}");
    expect(401, Method::kPost, table + "/1/login", table + "/{id}/login", read, R"({"auth":"1"})");
    expect(404, Method::kPost, table + "/9/login", table + "/{id}/login", read, R"({"auth":"1"})");
    for (int i = 0; i < 9; ++i)
      call(Method::kPost, table + "/1/login", token_of(read), R"({"auth":"1"})");
    expect(429, Method::kPost, table + "/1/login", table + "/{id}/login", read, R"({"auth":"1"})");
  }
  expect(200, Method::kPut, "/devices", "/devices", write, R"({"name":"Milk"})");
  expect(200, Method::kPut, "/devices/1/state", "/devices/{id}/state", write, R"({"state":true})");
  for (const std::string& table : {std::string{"/devices"}, std::string{"/gateways"}}) {
    expect(204, Method::kDelete, table + "/1", table + "/{id}", write);
    expect(404, Method::kDelete, table + "/1", table + "/{id}", write);
  }
  const auto served = call(Method::kGet, "/openapi.yaml", "");
  CHECK(served.status == 200);
  CHECK(served.body == openapi_document());
  CHECK(seen.size() + 1 >= part->operations().size());
}
