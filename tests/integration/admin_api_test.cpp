#include <atomic>
#include <chrono>
#include <fstream>
#include <iterator>
#include <netinet/in.h>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include <catch2/catch.hpp>

#include "services/admin/base64url.hpp"
#include "support/admin_fixture.hpp"

using namespace bora;
using namespace bora::admin;
using namespace std::chrono_literals;
using http::Method;
using nlohmann::json;

namespace {

struct Running : testing::AdminFixture {
  std::string reader;
  std::string writer;
  std::string root;

  Running() {
    options.request_timeout = 2s;
    REQUIRE(start() == "");
    reader = token_of(Permission::kRead);
    writer = token_of(Permission::kWrite);
    root = token_of(Permission::kAdmin);
  }
  ~Running() { stop(); }

  http::Response log_in(const std::string& user_and_password) {
    // Standard base64 has padding, and letters of its own for 62 and 63.
    std::string encoded = encode_base64url(user_and_password);
    for (char& c : encoded)
      c = c == '-' ? '+' : c == '_' ? '/' : c;
    encoded.resize((encoded.size() + 3) / 4 * 4, '=');
    http::Client to = client();
    const auto answer =
        to.send(Method::kPost, "/api/v1/admin/token", "", {{"Authorization", "Basic " + encoded}});
    return answer ? *answer : http::Response{.status = 0};
  }
  json create_device() {
    const auto made = call(Method::kPost, "/devices", writer);
    REQUIRE(made.status == 201);
    return json::parse(made.body);
  }
  [[nodiscard]] std::string file(const std::filesystem::path& path) const {
    std::ifstream in{path, std::ios::binary};
    return {std::istreambuf_iterator<char>{in}, {}};
  }
};

std::string filled(std::string path) {
  const auto put = [&path](const std::string& mark, const std::string& value) {
    if (const auto at = path.find(mark); at != std::string::npos)
      path.replace(at, mark.size(), value);
  };
  put("{id}", "1");
  put("{user}", "reader");
  return path;
}

}  // namespace

TEST_CASE_METHOD(Running, "no operation answers without a token that is valid, whoever forged it") {
  const Claims now = claims_of(Permission::kAdmin);
  const Tokens right{*load_or_make_key(options.key_path())};
  Tokens::Key other_key{};
  Claims expired = now;
  expired.expires_at = now.issued_at - 1s;
  Claims later = now;
  later.issued_at += 1h;
  Claims changed_since = now;
  changed_since.generation = 99;
  Claims nobody = now;
  nobody.user = "nobody";
  const std::string good = right.issue(now);
  const auto dot = good.find('.');
  const std::string none = encode_base64url(R"({"alg":"none","typ":"JWT"})") +
                           good.substr(dot, good.rfind('.') - dot + 1);
  const std::string other_algorithm =
      encode_base64url(R"({"alg":"HS512","typ":"JWT"})") + good.substr(dot);
  const std::vector<std::string> worthless{"",
                                           right.issue(expired),
                                           right.issue(later),
                                           right.issue(changed_since),
                                           none,
                                           right.issue(nobody),
                                           Tokens{other_key}.issue(now),
                                           other_algorithm,
                                           good + "A",
                                           good.substr(0, good.size() - 4),
                                           "x"};
  int operations = 0;
  for (const Operation& operation : part->operations()) {
    if (!operation.needed) continue;
    ++operations;
    for (const std::string& token : worthless) {
      INFO(to_string(operation.method) << ' ' << operation.path << ' ' << token);
      const auto answer = call(operation.method, filled(operation.path), token);
      CHECK(answer.status == 401);
      CHECK(answer.content_type == "application/problem+json");
      CHECK(http::find_header(answer.headers, "WWW-Authenticate").starts_with("Bearer"));
    }
  }
  CHECK(operations == 19);  // the nineteen, less the login, with the state
  CHECK(topic.records().empty());
}

TEST_CASE_METHOD(Running, "no operation does more than its user may") {
  for (const Operation& operation : part->operations()) {
    if (!operation.needed || *operation.needed == Permission::kRead) continue;
    INFO(to_string(operation.method) << ' ' << operation.path);
    CHECK(call(operation.method, filled(operation.path), reader).status == 403);
    if (*operation.needed == Permission::kAdmin)
      CHECK(call(operation.method, filled(operation.path), writer).status == 403);
  }
  CHECK(call(Method::kGet, "/users/admin", writer).status == 403);
  CHECK(call(Method::kPut, "/users/reader", reader, R"({"permission":"admin"})").status == 403);
  CHECK(call(Method::kPut, "/users/admin", reader, R"({"password":"mine mine mine"})").status ==
        403);
  CHECK(topic.records().empty());
}

TEST_CASE_METHOD(Running, "a login gives a token for an hour, and a wrong one says nothing") {
  const auto right = log_in(std::string{"admin:"} + kPassword);
  REQUIRE(right.status == 200);
  const std::string token = json::parse(right.body).at("token");
  CHECK(call(Method::kGet, "/token", token).status == 200);
  const Tokens tokens{*load_or_make_key(options.key_path())};
  const auto claims = tokens.check(token, clock.wall_now());
  REQUIRE(claims);
  CHECK(claims->expires_at - claims->issued_at == 1h);

  const auto wrong = log_in("admin:not this one");
  const auto unknown = log_in("nobody:not this one");
  CHECK(wrong.status == 401);
  CHECK(unknown.status == 401);
  CHECK(wrong.body == unknown.body);
  CHECK(log_in("no colon").status == 401);
  CHECK(call(Method::kPost, "/token", root).status == 401);
}

TEST_CASE_METHOD(Running, "wrong logins are limited for a user, and others still log in") {
  int refused = 0;
  for (int i = 0; i < 15; ++i)
    if (const auto answer = log_in("writer:not this one"); answer.status == 429) {
      ++refused;
      CHECK_FALSE(http::find_header(answer.headers, "Retry-After").empty());
    }
  CHECK(refused >= 4);
  CHECK(log_in(std::string{"writer:"} + kPassword).status == 429);
  CHECK(log_in(std::string{"admin:"} + kPassword).status == 200);
}

TEST_CASE_METHOD(Running, "a device is made, switched on, configured, checked and deleted") {
  const json made = create_device();
  CHECK(made.at("state") == false);
  const std::string id = std::to_string(made.at("id").get<std::uint64_t>());
  const std::string secret = made.at("auth");
  CHECK(call(Method::kGet, "/devices/" + id, reader).body ==
        "{\"id\":" + id + ",\"state\":false,\"config\":{}}\n");
  CHECK(call(Method::kPut, "/devices/" + id + "/state", writer, R"({"state":true})").status == 200);
  CHECK(call(Method::kPut, "/devices/" + id + "/config", writer, R"({"minTemperature":"2"})")
            .status == 200);
  CHECK(json::parse(call(Method::kGet, "/devices", reader).body) ==
        json::array(
            {{{"id", made.at("id")}, {"state", true}, {"config", {{"minTemperature", "2"}}}}}));
  const std::string login = "/devices/" + id + "/login";
  CHECK(call(Method::kPost, login, reader, "{\"auth\":\"" + secret + "\"}").status == 200);
  CHECK(call(Method::kPost, login, reader, "{\"auth\":" + secret + "}").status == 200);
  CHECK(call(Method::kPost, login, reader, R"({"auth":"1"})").status == 401);
  REQUIRE(topic.records().size() == 3);
  CHECK(call(Method::kDelete, "/devices/" + id, writer).status == 204);
  CHECK(topic.records().back().is_tombstone);
  CHECK(topic.table().empty());
  CHECK(call(Method::kGet, "/devices/" + id, reader).status == 404);
  CHECK(call(Method::kPost, login, reader, "{\"auth\":\"" + secret + "\"}").status == 404);
}

TEST_CASE_METHOD(Running, "a device comes by the older interface too") {
  const auto made = call(Method::kPut, "/devices", writer,
                         R"({"comfort_interval":{"min":2,"max":8.5},"group":"Shop 4",)"
                         R"("name":"Milk","user":{"name":"Ana","phone":"+351 1"}})");
  REQUIRE(made.status == 200);
  const std::string id = std::to_string(json::parse(made.body).at("id").get<std::uint64_t>());
  CHECK(json::parse(call(Method::kGet, "/devices/" + id, reader).body).at("config") ==
        json{{"minTemperature", "2"},
             {"maxTemperature", "8.5"},
             {"group", "Shop 4"},
             {"name", "Milk"},
             {"owner", "Ana"},
             {"phone", "+351 1"}});
  CHECK(
      call(Method::kPut, "/devices", writer, R"({"comfort_interval":{"min":9,"max":8}})").status ==
      422);
}

TEST_CASE_METHOD(Running, "a gateway is made, configured, checked and deleted") {
  const auto answer = call(Method::kPost, "/gateways", writer, "{}");
  REQUIRE(answer.status == 201);
  const json made = json::parse(answer.body);
  const std::string id = std::to_string(made.at("id").get<std::uint64_t>());
  const std::string secret = made.at("auth");
  CHECK(secret.size() == 40);
  CHECK(secret.find_first_not_of("0123456789ABCDEF") == std::string::npos);
  CHECK(call(Method::kPut, "/gateways/" + id + "/config", writer, R"({"place":"x"})").status ==
        200);
  CHECK(call(Method::kGet, "/gateways", reader).body ==
        "[{\"id\":" + id + ",\"config\":{\"place\":\"x\"}}]\n");
  const std::string login = "/gateways/" + id + "/login";
  CHECK(call(Method::kPost, login, reader, "{\"auth\":\"" + secret + "\"}").status == 200);
  CHECK(call(Method::kPost, login, reader, R"({"auth":"ABC"})").status == 401);
  CHECK(call(Method::kDelete, "/gateways/" + id, writer).status == 204);
  CHECK(topic.table().empty());
}

TEST_CASE_METHOD(Running, "a user who changes his password, or is deleted, is logged in no more") {
  CHECK(call(Method::kPost, "/users", root,
             R"({"username":"ana","password":"first one","permission":"write"})")
            .status == 201);
  CHECK(call(Method::kPost, "/users", root,
             R"({"username":"ana","password":"first one","permission":"write"})")
            .status == 409);
  const std::string token = json::parse(log_in("ana:first one").body).at("token");
  CHECK(call(Method::kGet, "/users/ana", token).body ==
        "{\"username\":\"ana\",\"permission\":\"write\"}\n");
  CHECK(call(Method::kPut, "/users/ana", token, R"({"password":"second one"})").status == 200);
  CHECK(call(Method::kGet, "/token", token).status == 401);
  CHECK(log_in("ana:first one").status == 401);
  const std::string next = json::parse(log_in("ana:second one").body).at("token");
  CHECK(call(Method::kDelete, "/users/ana", root).status == 204);
  CHECK(call(Method::kGet, "/token", next).status == 401);
  CHECK(call(Method::kDelete, "/users/admin", root).status == 409);
  CHECK(topic.records().empty());  // users are none of the topic's business
}

TEST_CASE_METHOD(Running, "a body that is not what is needed is refused for its reason") {
  create_device();
  const auto config = [this](const std::string& body,
                             const std::string& type = "application/json") {
    return call(Method::kPut, "/devices/1/config", writer, body, type).status;
  };
  CHECK(config("{") == 400);
  CHECK(config("[]") == 400);
  CHECK(config("{}{}") == 400);
  CHECK(config(R"({"a":"1","a":"2"})") == 400);
  CHECK(config("{\"a\":\"\xff\"}") == 400);
  CHECK(config(std::string(3000, '[')) == 400);
  std::string deep = "1";
  for (int i = 0; i < 1000; ++i)
    deep = "{\"a\":" + deep + "}";
  CHECK(config(deep) == 400);
  CHECK(config("a=1", "application/x-www-form-urlencoded") == 415);
  CHECK(config(R"({"a":1})") == 422);
  CHECK(config(R"({"minTemperature":"cold"})") == 422);
  CHECK(config(R"({"minTemperature":"nan"})") == 422);
  CHECK(config(R"({"minTemperature":"5","maxTemperature":"4"})") == 422);
  CHECK(config(R"({"minBattery":"101"})") == 422);
  CHECK(config("{\"" + std::string(65, 'x') + "\":\"\"}") == 422);
  CHECK(config("{\"a\":\"" + std::string(70'000, 'x') + "\"}") == 413);
  CHECK(config("{}") == 200);
  CHECK(call(Method::kPut, "/devices/1/state", writer, R"({"state":"on"})").status == 422);
  CHECK(call(Method::kPut, "/devices/1/state", writer, R"({"state":true,"x":1})").status == 422);
  for (const char* id : {"0", "2", "01", "-1", "x", "18446744073709551616", "%31x"}) {
    INFO(id);
    CHECK(call(Method::kGet, std::string{"/devices/"} + id, reader).status == 404);
  }
  CHECK(call(Method::kGet, "/devices/%zz", reader).status == 400);
  CHECK(call(Method::kGet, "/devices?limit=0", reader).status == 422);
  for (const char* user : {R"({"username":"a b","password":"long enough","permission":"read"})",
                           R"({"username":"a","password":"short","permission":"read"})",
                           R"({"username":"a","password":"long enough","permission":"root"})",
                           R"({"username":"a","password":"long enough"})"})
    CHECK(call(Method::kPost, "/users", root, user).status == 422);
}

TEST_CASE_METHOD(Running,
                 "no secret, password or hash is in the audit log, the topic or an answer") {
  const json device = create_device();
  const json gateway = json::parse(call(Method::kPost, "/gateways", writer).body);
  CHECK(call(Method::kPost, "/users", root,
             R"({"username":"ana","password":"very secret","permission":"read"})")
            .status == 201);
  std::string shown = file(options.audit_path());
  for (const Record& record : topic.records())
    shown += record.value;
  for (const char* path : {"/devices", "/devices/1", "/gateways", "/gateways/1", "/users/ana"}) {
    const std::string body = call(Method::kGet, path, root).body;
    CHECK(body.find("$2b$") == std::string::npos);
    shown += body;
  }
  CHECK(shown.find("very secret") == std::string::npos);
  CHECK(shown.find(device.at("auth").get<std::string>()) == std::string::npos);
  CHECK(shown.find(gateway.at("auth").get<std::string>()) == std::string::npos);
  CHECK(file(options.audit_path()).find("$2b$") == std::string::npos);
  CHECK(file(options.audit_path()).find(R"("user":"writer","from":"127.0.0.1")") !=
        std::string::npos);
}

TEST_CASE_METHOD(Running, "a change is answered when the topic has it, and not before") {
  topic.is_down = true;
  std::atomic<int> status{0};
  std::thread asker{[&] { status = call(Method::kPost, "/gateways", writer).status; }};
  while (part->samples().empty() || call(Method::kGet, "/gateways/1", reader).status != 200)
    std::this_thread::sleep_for(1ms);
  CHECK(status == 0);
  topic.is_down = false;
  asker.join();
  CHECK(status == 201);
  CHECK(topic.records().size() == 1);
}

TEST_CASE_METHOD(Running, "what a stop left unpublished is published at the next start") {
  topic.is_down = true;
  std::thread asker{[&] { call(Method::kPost, "/gateways", writer); }};
  while (call(Method::kGet, "/gateways/1", reader).status != 200)
    std::this_thread::sleep_for(1ms);
  part->stop(0ms);
  asker.join();
  CHECK(topic.records().empty());
  topic.is_down = false;
  part.reset();
  REQUIRE(restart() == "");
  CHECK(topic.records().size() == 1);
}

TEST_CASE_METHOD(Running, "two hundred connections that say nothing hold up nobody") {
  std::vector<int> silent;
  for (int i = 0; i < 200; ++i) {
    ::sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port());
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    silent.push_back(::socket(AF_INET, SOCK_STREAM, 0));
    REQUIRE(::connect(silent.back(), reinterpret_cast<::sockaddr*>(&address), sizeof address) == 0);
  }
  const auto began = std::chrono::steady_clock::now();
  CHECK(call(Method::kGet, "/token", reader).status == 200);
  CHECK(std::chrono::steady_clock::now() - began < 1s);
  for (const int socket : silent)
    ::close(socket);
}

TEST_CASE("a service for outside addresses without TLS does not start unless told to") {
  testing::AdminFixture admin;
  admin.options.address = "0.0.0.0";
  admin.options.certificate.clear();
  CHECK(admin.start().find("not loopback") != std::string::npos);
  admin.part.reset();
  admin.options.allow_plaintext = true;
  CHECK(admin.restart() == "");
  admin.part.reset();
  admin.options.certificate = "/nowhere.pem";
  CHECK(admin.restart().find("/nowhere.pem") != std::string::npos);
}
