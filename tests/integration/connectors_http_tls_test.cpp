#include <atomic>
#include <chrono>
#include <condition_variable>
#include <fstream>
#include <memory>
#include <mutex>
#include <netinet/in.h>
#include <optional>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include <catch2/catch.hpp>

#include "connectors/http/async_client.hpp"
#include "connectors/http/client.hpp"
#include "connectors/http/server.hpp"
#include "support/temporary_directory.hpp"
#include "support/test_certificates.hpp"

using namespace bora;
using namespace bora::http;
using namespace std::chrono_literals;

namespace {

constexpr const char* kHere = "IP:127.0.0.1,DNS:localhost";

struct Tls {
  testing::TemporaryDirectory directory;
  testing::TestAuthority authority{directory.path(), "right"};
  testing::TestAuthority stranger{directory.path(), "stranger"};
  std::unique_ptr<Server> server;

  void start(ServerOptions options = {}) {
    const auto files = authority.sign("server", kHere);
    if (!options.tls) options.tls = ServerTls{files.certificate, files.key, {}};
    server = std::make_unique<Server>(std::move(options));
    server->route(Method::kPost, "/echo", [](const Request& r) { return text(200, r.body); });
    server->route(Method::kGet, "/slow", [](const Request&) {
      std::this_thread::sleep_for(50ms);
      return text(200, "slow");
    });
    const Status started = server->start();
    INFO(started.message());
    REQUIRE(started);
  }
  [[nodiscard]] ClientOptions options() const {
    return {.port = server->port(),
            .timeout = 5s,
            .tls = ClientTls{.ca_file = authority.certificate()}};
  }
};

int connect_to(std::uint16_t port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  ::sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  REQUIRE(::connect(socket, reinterpret_cast<::sockaddr*>(&address), sizeof address) == 0);
  return socket;
}

}  // namespace

TEST_CASE_METHOD(Tls, "requests over TLS share a connection, however large they are") {
  start();
  CHECK(server->url().starts_with("https://127.0.0.1:"));
  Client client{options()};
  for (const std::size_t size : {std::size_t{10}, std::size_t{500'000}, std::size_t{0}}) {
    const auto answer = client.post("/echo", std::string(size, 'x'));
    INFO(answer.status().message());
    REQUIRE(answer);
    CHECK(answer->status == 200);
    CHECK(answer->body.size() == size);
  }
  CHECK(server->stats().connections_accepted == 1);
  server->stop(1s);
}

TEST_CASE_METHOD(
    Tls, "a server is refused that another authority signed, for another name, or of the past") {
  const auto refusal = [this](ClientOptions to) {
    const auto answer = Client{std::move(to)}.post("/echo", "secret");
    REQUIRE_FALSE(answer);
    CHECK(answer.error().kind == ErrorKind::kUnavailable);
    return answer.error().message;
  };
  SECTION("another authority") {
    start();
    ClientOptions to = options();
    to.tls->ca_file = stranger.certificate();
    CHECK(refusal(to).find("certificate is refused") != std::string::npos);
  }
  SECTION("another name") {
    start();
    ClientOptions to = options();
    to.tls->server_name = "sms.example";
    CHECK(refusal(to).find("mismatch") != std::string::npos);
  }
  SECTION("expired") {
    const auto files = authority.sign_expired("old", kHere);
    start({.tls = ServerTls{files.certificate, files.key, {}}});
    CHECK(refusal(options()).find("expired") != std::string::npos);
  }
  SECTION("the system's authorities do not know it") {
    start();
    ClientOptions to = options();
    to.tls = ClientTls{};
    CHECK(refusal(to).find("certificate is refused") != std::string::npos);
  }
  CHECK(server->stats().requests == 0);
}

TEST_CASE_METHOD(Tls, "a name is connected to as well as an address") {
  start();
  ClientOptions to = options();
  to.host = "localhost";
  const auto answer = Client{to}.post("/echo", "x");
  INFO(answer.status().message());
  CHECK(answer);
}

TEST_CASE_METHOD(Tls,
                 "a server that asks for a client's certificate takes only one of its authority") {
  const auto files = authority.sign("server", kHere);
  start({.tls = ServerTls{files.certificate, files.key, authority.certificate()}});
  CHECK_FALSE(Client{options()}.post("/echo", "x"));
  const auto use = [this](const testing::TestAuthority::Files& identity) {
    ClientOptions to = options();
    to.tls->certificate_file = identity.certificate;
    to.tls->key_file = identity.key;
    return Client{to}.post("/echo", "x").is_ok();
  };
  CHECK_FALSE(use(stranger.sign("client")));
  CHECK(use(authority.sign("client")));
  CHECK(server->stats().requests == 1);
}

TEST_CASE_METHOD(Tls, "files that cannot be used are named, by client and server alike") {
  const auto right = authority.sign("server", kHere);
  const auto other = authority.sign("other", kHere);
  const std::string empty = (directory.path() / "empty.pem").string();
  std::ofstream{empty}.flush();
  const auto fault = [](const ServerTls& tls) {
    Server wrong{{.tls = tls}};
    const Status started = wrong.start();
    REQUIRE_FALSE(started);
    CHECK(started.error().kind == ErrorKind::kInvalid);
    return std::string{started.message()};
  };
  CHECK(fault({"/nowhere.pem", right.key, {}}).find("/nowhere.pem") != std::string::npos);
  CHECK(fault({empty, right.key, {}}).find(empty) != std::string::npos);
  CHECK(fault({right.certificate, "/nowhere.key", {}}).find("/nowhere.key") != std::string::npos);
  CHECK(fault({right.certificate, other.key, {}}).find(other.key) != std::string::npos);
  CHECK(fault({right.certificate, right.key, empty}).find(empty) != std::string::npos);
  CHECK(fault({right.certificate, {}, {}}).find("name both") != std::string::npos);
  CHECK(check(ClientTls{.ca_file = empty}).message().find(empty) != std::string_view::npos);
  CHECK(check(ClientTls{.certificate_file = right.certificate}).message().find("both") !=
        std::string_view::npos);
  const auto answer = Client{{.tls = ClientTls{.ca_file = "/nowhere.pem"}}}.get("/");
  REQUIRE_FALSE(answer);
  CHECK(answer.error().kind == ErrorKind::kInvalid);
}

TEST_CASE_METHOD(Tls, "plain text to a TLS port, and a silent one, cost nobody anything") {
  start({.request_timeout = 300ms});
  std::vector<int> silent;
  for (int i = 0; i < 200; ++i)
    silent.push_back(connect_to(server->port()));
  const std::string plain = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
  CHECK(::send(silent.front(), plain.data(), plain.size(), MSG_NOSIGNAL) > 0);
  const auto began = std::chrono::steady_clock::now();
  CHECK(Client{options()}.post("/echo", "x"));
  CHECK(std::chrono::steady_clock::now() - began < 2s);
  // TLS that is never agreed ends after request_timeout.
  char byte = 0;
  CHECK(::recv(silent.back(), &byte, 1, 0) == 0);
  CHECK(std::chrono::steady_clock::now() - began < 5s);
  for (const int socket : silent)
    ::close(socket);
}

TEST_CASE_METHOD(Tls, "one address has no more connections than its share") {
  start({.max_connections_per_address = 2});
  Client a{options()};
  Client b{options()};
  CHECK(a.post("/echo", "x"));
  CHECK(b.post("/echo", "x"));
  CHECK_FALSE(Client{options()}.post("/echo", "x"));
  a.disconnect();
  for (int i = 0; i < 500 && server->stats().connections_open > 1; ++i)
    std::this_thread::sleep_for(2ms);
  CHECK(Client{options()}.post("/echo", "x"));
}

TEST_CASE_METHOD(Tls, "TLS is reason enough to listen anywhere") {
  start({.address = "0.0.0.0"});
  CHECK(Client{options()}.post("/echo", "x"));
}

TEST_CASE_METHOD(Tls, "several calls are in flight at once, and each is answered once") {
  start({.threads = 4});
  std::atomic<int> right{0};
  std::atomic<int> wrong{0};
  const auto began = std::chrono::steady_clock::now();
  {
    AsyncClient client{{.server = options(), .connections = 4}};
    for (int i = 0; i < 8; ++i)
      REQUIRE(client.send({.target = "/slow"}, [&](Result<Response> answer) {
        answer && answer->body == "slow" ? ++right : ++wrong;
      }));
    while (client.pending() > 0)
      std::this_thread::sleep_for(1ms);
  }
  CHECK(right == 8);
  CHECK(wrong == 0);
  CHECK(std::chrono::steady_clock::now() - began < 8 * 50ms + 2s);
  CHECK(server->stats().connections_accepted == 4);
}

TEST_CASE_METHOD(Tls,
                 "a client that ends tells every call that was left, and refuses one too many") {
  start();
  std::atomic<int> done{0};
  std::atomic<int> closed{0};
  {
    AsyncClient client{{.server = options(), .connections = 1, .max_waiting = 3}};
    int taken = 0;
    for (int i = 0; i < 6; ++i)
      if (client.send({.target = "/slow"}, [&](Result<Response> answer) {
            ++done;
            if (!answer && answer.error().kind == ErrorKind::kClosed) ++closed;
          }))
        ++taken;
    CHECK(taken == 4);
  }
  CHECK(done == 4);
  CHECK(closed >= 3);
}
