// The web hook against a server of our own that misbehaves by script.

#include <arpa/inet.h>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "bolts/notifier/notifier_bolt.hpp"
#include "bolts/notifier/webhook.hpp"
#include "bora/testing/bolt_tester.hpp"
#include "bora/testing/manual_clock.hpp"
#include "connectors/http/server.hpp"

using namespace bora;
using namespace bora::notify;
using namespace std::chrono_literals;

namespace {

/// Answers each POST /hook with the next answer of its script, then with 200.
class Server {
 public:
  Server() {
    server_.route_async(http::Method::kPost, "/hook",
                        [this](http::Request request, auto responder) {
                          const std::lock_guard lock(mutex_);
                          requests_.push_back(std::move(request));
                          if (holds_) return held_.push_back(std::move(responder));
                          http::Response answer = http::text(200, "ok");
                          if (!script_.empty()) {
                            answer = std::move(script_.front());
                            script_.pop_front();
                          }
                          std::move(responder).answer(std::move(answer));
                        });
    started_ = server_.start();
  }
  ~Server() { server_.stop(0ms); }

  void then(int status, std::vector<http::Header> headers = {}) {
    const std::lock_guard lock(mutex_);
    http::Response answer = http::text(status, "because");
    answer.headers = std::move(headers);
    script_.push_back(std::move(answer));
  }
  void hold() {
    const std::lock_guard lock(mutex_);
    holds_ = true;
  }
  void release() {
    std::vector<http::Responder> held;
    {
      const std::lock_guard lock(mutex_);
      holds_ = false;
      held.swap(held_);
    }
    for (http::Responder& responder : held)
      std::move(responder).answer(http::text(200, "ok"));
  }
  [[nodiscard]] std::vector<http::Request> requests() {
    const std::lock_guard lock(mutex_);
    return requests_;
  }
  [[nodiscard]] std::uint16_t port() const { return server_.port(); }
  [[nodiscard]] http::ServerStats stats() const { return server_.stats(); }
  [[nodiscard]] bool has_started() const { return started_.is_ok(); }

 private:
  std::mutex mutex_;
  std::deque<http::Response> script_;
  std::vector<http::Request> requests_;
  std::vector<http::Responder> held_;
  bool holds_ = false;
  http::Server server_{{}};
  Status started_;
};

/// Accepts one connection after another and does with each what it is told.
class RawServer {
 public:
  explicit RawServer(std::function<void(int socket)> serve) : serve_(std::move(serve)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
    ::sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::socklen_t size = sizeof address;
    is_listening_ =
        ::bind(listener_, reinterpret_cast<::sockaddr*>(&address), sizeof address) == 0 &&
        ::listen(listener_, 8) == 0 &&
        ::getsockname(listener_, reinterpret_cast<::sockaddr*>(&address), &size) == 0;
    port_ = ntohs(address.sin_port);
    thread_ = std::thread{[this] { run(); }};
  }
  ~RawServer() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }
  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] bool is_listening() const { return is_listening_; }

 private:
  void run() {
    for (int socket = 0; (socket = ::accept(listener_, nullptr, nullptr)) >= 0;) {
      char request[4096];
      if (::recv(socket, request, sizeof request, 0) > 0) serve_(socket);
      ::close(socket);
    }
  }
  std::function<void(int)> serve_;
  int listener_ = -1;
  bool is_listening_ = false;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

WebhookOptions options_for(std::uint16_t port) {
  return {.server = {.port = port, .timeout = 5s}, .target = "/hook"};
}

/// What became of one notification; an error "no outcome" when nothing did in five seconds.
Status tell(WebhookNotifier& notifier, Notification notification) {
  if (Status taken = notifier.send(std::move(notification), 1); !taken) return taken;
  std::vector<Notifier::Outcome> outcomes;
  notifier.flush(5s);
  if (notifier.poll(outcomes) != 1) return {ErrorKind::kInternal, "no outcome"};
  return outcomes.front().status;
}

Notification note(const std::string& key) {
  return {.key = key, .phone = "+351 1", .text = "say \"a\"", .body = R"({"v":1})"};
}

}  // namespace

TEST_CASE(
    "web hook: the body is posted with the key as Idempotency-Key, over one kept connection") {
  Server server;
  REQUIRE(server.has_started());
  const SystemClock clock;
  WebhookOptions options = options_for(server.port());
  options.headers = {{"Authorization", "Bearer t"}};
  WebhookNotifier notifier{options, clock};
  CHECK(tell(notifier, note("1-x")));
  Notification traced = note("2-x");
  traced.traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  CHECK(tell(notifier, traced));
  const auto requests = server.requests();
  REQUIRE(requests.size() == 2);
  CHECK(http::find_header(requests[0].headers, "traceparent").empty());
  CHECK(http::find_header(requests[1].headers, "traceparent") == traced.traceparent);
  CHECK(requests[0].body == R"({"v":1})");
  CHECK(http::find_header(requests[0].headers, "Idempotency-Key") == "1-x");
  CHECK(http::find_header(requests[0].headers, "Content-Type") == "application/json");
  CHECK(http::find_header(requests[0].headers, "Authorization") == "Bearer t");
  CHECK(server.stats().connections_accepted == 1);
}

TEST_CASE("web hook: the SMS form posts phone and message, and refuses to go without a phone") {
  Server server;
  REQUIRE(server.has_started());
  const SystemClock clock;
  WebhookOptions options = options_for(server.port());
  options.form = WebhookForm::kSms;
  WebhookNotifier notifier{options, clock};
  CHECK(tell(notifier, note("1-x")));
  CHECK(server.requests().at(0).body == R"({"phone":"+351 1","message":"say \"a\""})");
  Notification nobody = note("2-x");
  nobody.phone.clear();
  const Status refused = notifier.send(nobody, 2);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().kind == ErrorKind::kInvalid);
  CHECK(server.requests().size() == 1);
}

TEST_CASE("web hook: several calls are under way at once, and no more than may be") {
  Server server;
  REQUIRE(server.has_started());
  server.hold();
  const SystemClock clock;
  WebhookOptions options = options_for(server.port());
  options.in_flight = 3;
  WebhookNotifier notifier{options, clock};
  for (std::uint64_t i = 0; i < 3; ++i) {
    REQUIRE(notifier.has_room());
    REQUIRE(notifier.send(note(std::to_string(i)), i));
  }
  CHECK_FALSE(notifier.has_room());
  const auto deadline = std::chrono::steady_clock::now() + 5s;
  while (server.requests().size() < 3 && std::chrono::steady_clock::now() < deadline)
    std::this_thread::yield();
  CHECK(server.requests().size() == 3);
  server.release();
  std::vector<Notifier::Outcome> outcomes;
  while (outcomes.size() < 3 && std::chrono::steady_clock::now() < deadline) {
    notifier.flush(1s);
    notifier.poll(outcomes);
  }
  REQUIRE(outcomes.size() == 3);
  for (const auto& outcome : outcomes)
    CHECK(outcome.status);
  CHECK(notifier.has_room());
}

TEST_CASE("web hook: 4xx is refused with the server's words, 5xx and 429 are to be sent again") {
  Server server;
  REQUIRE(server.has_started());
  server.then(422);
  server.then(500);
  const SystemClock clock;
  WebhookNotifier notifier{options_for(server.port()), clock};
  const Status refused = tell(notifier, note("1"));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().kind == ErrorKind::kInvalid);
  CHECK(refused.message() == "POST 127.0.0.1:" + std::to_string(server.port()) +
                                 "/hook failed: it answered 422 Unprocessable Content: because");
  CHECK(tell(notifier, note("2")).is_retryable());
  CHECK(tell(notifier, note("2")));
  const auto requests = server.requests();
  REQUIRE(requests.size() == 3);
  CHECK(http::find_header(requests[1].headers, "Idempotency-Key") ==
        http::find_header(requests[2].headers, "Idempotency-Key"));
}

TEST_CASE("web hook: after failures in a row it is not called, until a trial succeeds") {
  Server server;
  REQUIRE(server.has_started());
  server.then(500);
  server.then(502);
  bora::testing::ManualClock clock;
  WebhookOptions options = options_for(server.port());
  options.circuit = {.failures = 2, .first_pause = 1s};
  WebhookNotifier notifier{options, clock};
  CHECK(tell(notifier, note("1")).is_retryable());
  CHECK(tell(notifier, note("1")).is_retryable());
  const Status at_rest = tell(notifier, note("1"));
  CHECK(at_rest.is_retryable());
  CHECK(at_rest.message().find("it answered 502") != std::string_view::npos);
  CHECK(server.requests().size() == 2);
  clock.advance(1s);
  CHECK(tell(notifier, note("1")));
  CHECK(tell(notifier, note("2")));
  CHECK(server.requests().size() == 4);
}

TEST_CASE("web hook: a server that says Retry-After is left alone for so long") {
  Server server;
  REQUIRE(server.has_started());
  server.then(429, {{"Retry-After", "7"}});
  bora::testing::ManualClock clock;
  WebhookNotifier notifier{options_for(server.port()), clock};
  CHECK(tell(notifier, note("1")).is_retryable());
  clock.advance(6'999ms);
  CHECK(notifier.send(note("1"), 1).is_retryable());
  CHECK(server.requests().size() == 1);
  clock.advance(1ms);
  CHECK(tell(notifier, note("1")));
}

TEST_CASE("web hook: no answer in time, half an answer and no server are to be sent again") {
  const SystemClock clock;
  {
    Server server;
    REQUIRE(server.has_started());
    server.hold();
    WebhookOptions options = options_for(server.port());
    options.server.timeout = 50ms;
    WebhookNotifier notifier{options, clock};
    CHECK(tell(notifier, note("1")).is_retryable());
    server.release();
  }
  {
    RawServer half{[](int socket) {
      const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf";
      [[maybe_unused]] const auto sent = ::send(socket, answer.data(), answer.size(), MSG_NOSIGNAL);
    }};
    REQUIRE(half.is_listening());
    WebhookNotifier notifier{options_for(half.port()), clock};
    CHECK(tell(notifier, note("1")).is_retryable());
  }
  {
    RawServer silent{[](int) {}};
    REQUIRE(silent.is_listening());
    WebhookNotifier notifier{options_for(silent.port()), clock};
    CHECK(tell(notifier, note("1")).is_retryable());
  }
  {
    RawServer gibberish{[](int socket) {
      [[maybe_unused]] const auto sent = ::send(socket, "SSH-2.0-x\r\n\r\n", 13, MSG_NOSIGNAL);
    }};
    REQUIRE(gibberish.is_listening());
    WebhookNotifier notifier{options_for(gibberish.port()), clock};
    CHECK(tell(notifier, note("1")).is_retryable());
  }
  WebhookNotifier nobody{options_for(1), clock};
  const Status refused = tell(nobody, note("1"));
  CHECK(refused.is_retryable());
  CHECK(refused.message().find("127.0.0.1:1/hook") != std::string_view::npos);
}

TEST_CASE("web hook: a notifier that dies with calls under way ends them") {
  Server server;
  REQUIRE(server.has_started());
  server.hold();
  const SystemClock clock;
  {
    WebhookNotifier notifier{options_for(server.port()), clock};
    REQUIRE(notifier.send(note("1"), 1));
  }
  server.release();
  SUCCEED("it did not hang");
}

TEST_CASE(
    "web hook: a bolt tells through it, and fails as unavailable what the server is too busy for") {
  Server server;
  REQUIRE(server.has_started());
  server.then(503);
  const WebhookOptions options = options_for(server.port());
  bora::testing::BoltTester t{[options] {
    return NotifierBolt<std::string>{[options](const Clock& clock, std::uint32_t) {
                                       return std::make_unique<WebhookNotifier>(options, clock);
                                     },
                                     [](const std::string& text) {
                                       return Notification{
                                           .key = text, .phone = {}, .text = {}, .body = "{}"};
                                     }};
  }};
  const auto run_until_settled = [&](const bora::testing::Fed& fed) {
    const auto deadline = std::chrono::steady_clock::now() + 5s;
    while (fed.pending() && std::chrono::steady_clock::now() < deadline)
      t.run();
  };
  const auto busy = t.feed("a");
  run_until_settled(busy);
  REQUIRE(busy.failed());
  CHECK(busy.failure().kind == FailureKind::kUnavailable);
  const auto fed = t.feed("a");
  run_until_settled(fed);
  CHECK(fed.acked());
  CHECK(t.emitted() == std::vector<std::string>{"a"});
}
