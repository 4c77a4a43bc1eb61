#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "connectors/http/client.hpp"
#include "connectors/http/server.hpp"
#include "support/wire.hpp"

using namespace bora;
using namespace bora::http;
using bora::testing::Wire;
using namespace std::chrono_literals;

namespace {

using Steady = std::chrono::steady_clock;

// Answers on a thread of its own, in the order that the test wants.
class Later {
 public:
  void hold(Responder responder) {
    const std::lock_guard lock{mutex_};
    held_.push_back(std::move(responder));
    changed_.notify_all();
  }
  /// False when there are not so many within five seconds.
  bool wait_for(std::size_t count) {
    std::unique_lock lock{mutex_};
    return changed_.wait_for(lock, 5s, [&] { return held_.size() >= count; });
  }
  void answer_newest(int status) {
    std::unique_lock lock{mutex_};
    Responder responder = std::move(held_.back());
    held_.pop_back();
    lock.unlock();
    std::move(responder).answer({.status = status});
  }
  void answer_oldest(int status) {
    std::unique_lock lock{mutex_};
    Responder responder = std::move(held_.front());
    held_.pop_front();
    lock.unlock();
    std::move(responder).answer({.status = status});
  }
  void drop_all() {
    const std::lock_guard lock{mutex_};
    held_.clear();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Responder> held_;
};

struct Running {
  Later later;
  std::unique_ptr<Server> server;

  void start(ServerOptions options = {}) {
    server = std::make_unique<Server>(std::move(options));
    server->route(Method::kPost, "/echo", [](const Request& r) { return text(200, r.body); });
    server->route(Method::kGet, "/where",
                  [](const Request& r) { return text(200, r.path + "?" + r.query); });
    server->route(Method::kGet, "/throw",
                  [](const Request&) -> Response { throw std::runtime_error("handler's own"); });
    server->route_async(Method::kPost, "/later",
                        [this](Request, Responder responder) { later.hold(std::move(responder)); });
    REQUIRE(server->start());
    REQUIRE(server->port() != 0);
  }
  Client client(std::chrono::milliseconds timeout = 5s) {
    return Client{{.port = server->port(), .timeout = timeout}};
  }
};

std::string post(const std::string& path, const std::string& body) {
  return "POST " + path + " HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}

// True as soon as `is_so`, false when it is not within five seconds.
template <class Condition>
bool eventually(Condition is_so) {
  for (const auto deadline = Steady::now() + 5s; Steady::now() < deadline;) {
    if (is_so()) return true;
    std::this_thread::sleep_for(2ms);
  }
  return false;
}

}  // namespace

TEST_CASE_METHOD(Running, "requests of one client share a connection") {
  start();
  Client c = client();
  for (int i = 0; i < 50; ++i) {
    const auto answer = c.post("/echo", "body " + std::to_string(i), "text/plain");
    REQUIRE(answer);
    CHECK(answer->status == 200);
    CHECK(answer->body == "body " + std::to_string(i));
  }
  CHECK(c.get("/where?a=1")->body == "/where?a=1");
  CHECK(server->stats().connections_accepted == 1);
  CHECK(server->stats().requests == 51);
}

TEST_CASE_METHOD(Running, "what has no route is 404, a wrong method 405, a HEAD without body") {
  start();
  Client c = client();
  CHECK(c.get("/nothing")->status == 404);
  const auto wrong = c.get("/echo");
  CHECK(wrong->status == 405);
  CHECK(find_header(wrong->headers, "Allow") == "POST");
  const auto head = c.send(Method::kHead, "/where", "", {});
  REQUIRE(head);
  CHECK(head->status == 200);
  CHECK(head->body.empty());
  CHECK(find_header(head->headers, "Content-Length") == "7");
  CHECK(server->stats().connections_accepted == 1);
}

TEST_CASE_METHOD(Running, "a handler that throws is answered 500 and told to the operator") {
  std::mutex mutex;
  std::vector<std::string> events;
  start({.on_event = [&](const std::string& event) {
    const std::lock_guard lock{mutex};
    events.push_back(event);
  }});
  Client c = client();
  CHECK(c.get("/throw")->status == 500);
  CHECK(c.get("/where")->status == 200);
  const std::lock_guard lock{mutex};
  CHECK(events == std::vector<std::string>{"handler of /throw threw: handler's own"});
}

TEST_CASE_METHOD(Running, "a body over the limit is 413 however it is sent") {
  start({.max_body_bytes = 1000});
  Client c = client();
  CHECK(c.post("/echo", std::string(1000, 'x'))->status == 200);
  // Larger than any socket buffer: the answer must survive the client still sending.
  CHECK(client().post("/echo", std::string(8 << 20, 'x'))->status == 413);
  Wire chunked{server->port()};
  chunked.send("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
  for (int i = 0; i < 3; ++i)
    chunked.send("190\r\n" + std::string(400, 'x') + "\r\n");
  chunked.send("0\r\n\r\n");
  CHECK(chunked.read_until("\r\n\r\n"));
  const std::string& answer = chunked.received();
  CHECK(answer.starts_with("HTTP/1.1 413 "));
  CHECK(server->stats().requests_rejected == 2);
}

TEST_CASE_METHOD(Running, "a client that sends on after its refusal is not reset at once") {
  start({.max_body_bytes = 1000});
  Wire wire{server->port()};
  wire.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n");
  CHECK(wire.read_until("}\n"));
  CHECK(wire.received().starts_with("HTTP/1.1 413 "));
  for (int i = 0; i < 10; ++i) {
    CHECK(wire.send(std::string(1000, 'x')));
    std::this_thread::sleep_for(2ms);
  }
}

TEST_CASE_METHOD(Running, "a header over the limit is 431") {
  start({.max_header_bytes = 2000});
  Wire wire{server->port()};
  wire.send("GET /where HTTP/1.1\r\nHost: x\r\nX: " + std::string(3000, 'x') + "\r\n\r\n");
  CHECK(wire.read_until("\r\n\r\n"));
  CHECK(wire.received().starts_with("HTTP/1.1 431 "));
}

TEST_CASE_METHOD(Running, "what is no HTTP is 400 and ends the connection") {
  start({.request_timeout = 2s});
  for (const std::string& bytes :
       {std::string{"rubbish\r\n\r\n"}, std::string{"GET /where HTTP/9.9\r\n\r\n"},
        std::string{"POST /echo HTTP/1.1\r\nContent-Length: many\r\n\r\n"},
        std::string{"POST /echo HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello"},
        std::string{"GET /wh\0ere HTTP/1.1\r\n\r\n", 25}}) {
    Wire wire{server->port()};
    wire.send(bytes);
    CHECK(wire.read_until("}\n"));
    const std::string& answer = wire.received();
    INFO(bytes);
    CHECK(answer.starts_with("HTTP/1.1 400 "));
    CHECK(answer.find("Connection: close") != std::string::npos);
  }
  CHECK(client().get("/where")->status == 200);
}

TEST_CASE_METHOD(Running, "pipelined requests are answered in their order") {
  start();
  Wire wire{server->port()};
  std::string requests;
  for (int i = 0; i < 20; ++i)
    requests += post("/echo", "<" + std::to_string(i) + ">");
  wire.send(requests);
  CHECK(wire.read_until(">", 20));
  const std::string& answers = wire.received();
  std::size_t at = 0;
  for (int i = 0; i < 20; ++i) {
    at = answers.find("<" + std::to_string(i) + ">", at);
    REQUIRE(at != std::string::npos);
  }
}

TEST_CASE_METHOD(Running, "a client that asks whether to send its body is told to go on") {
  start();
  Wire wire{server->port()};
  wire.send("POST /echo HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
  CHECK(wire.read_until("\r\n\r\n"));
  CHECK(wire.received().starts_with("HTTP/1.1 100 Continue"));
  wire.send("hello");
  CHECK(wire.read_until("hello"));
  CHECK(wire.received().find("HTTP/1.1 200") != std::string::npos);
}

TEST_CASE_METHOD(Running, "a client that trickles is cut off, and its neighbours do not notice") {
  start({.request_timeout = 300ms});
  Wire slow{server->port()};
  std::atomic<bool> is_over{false};
  std::thread trickle{[&] {
    for (const char c : std::string(1000, 'G')) {
      if (is_over || !slow.send(std::string(1, c))) return;
      std::this_thread::sleep_for(20ms);
    }
  }};
  Client c = client();
  const auto began = Steady::now();
  CHECK(c.get("/where")->status == 200);
  CHECK(Steady::now() - began < 250ms);
  CHECK(slow.read_to_end());
  CHECK(Steady::now() - began < 2s);
  is_over = true;
  trickle.join();
}

TEST_CASE_METHOD(Running,
                 "a silent connection is closed after the idle timeout, and a client that kept it "
                 "connects again") {
  start({.idle_timeout = 100ms});
  Client c = client();
  CHECK(c.get("/where")->status == 200);
  CHECK(eventually([&] { return server->stats().connections_open == 0; }));
  CHECK(c.get("/where")->status == 200);
  CHECK(server->stats().connections_accepted == 2);
}

TEST_CASE_METHOD(Running, "a thousand idle connections cost nobody anything") {
  start();
  std::vector<std::unique_ptr<Wire>> idle;
  for (int i = 0; i < 1'000; ++i) {
    idle.push_back(std::make_unique<Wire>(server->port()));
    REQUIRE(idle.back()->is_connected());
  }
  CHECK(eventually([&] { return server->stats().connections_open == 1'000; }));
  CHECK(client().get("/where")->status == 200);
  const auto began = Steady::now();
  server->stop(5s);
  CHECK(Steady::now() - began < 1s);
  CHECK(idle.front()->read_to_end());
  CHECK(idle.front()->received().empty());
}

TEST_CASE_METHOD(Running,
                 "one connection too many is 503, and there is room again when one has gone") {
  start({.max_connections = 2});
  Client a = client();
  auto b = std::make_unique<Client>(client());
  CHECK(a.get("/where")->status == 200);
  CHECK(b->get("/where")->status == 200);
  CHECK(client().get("/where")->status == 503);
  CHECK(server->stats().connections_refused == 1);
  b.reset();
  CHECK(eventually([&] { return server->stats().connections_open == 1; }));
  CHECK(client().get("/where")->status == 200);
}

TEST_CASE_METHOD(Running, "answers may come later, from another thread, in any order") {
  start();
  std::array<int, 3> statuses{};
  std::vector<std::thread> clients;
  for (int i = 0; i < 3; ++i)
    clients.emplace_back([&, i] {
      Client c = client();
      const auto answer = c.post("/later", "x");
      statuses.at(static_cast<std::size_t>(i)) = answer ? answer->status : -1;
    });
  REQUIRE(later.wait_for(3));
  CHECK(client().get("/where")->status == 200);  // nobody waits for them
  for (int i = 0; i < 3; ++i)
    later.answer_newest(202);
  for (std::thread& thread : clients)
    thread.join();
  CHECK(statuses == std::array<int, 3>{202, 202, 202});
}

TEST_CASE_METHOD(Running, "a responder that is dropped answers 500, one that is too late 503") {
  start({.answer_timeout = 200ms});
  Client c = client();
  CHECK(c.post("/later", "x")->status == 503);
  REQUIRE(later.wait_for(1));
  // Its late answer must not be taken for the next request's.
  std::thread dropper{[&] {
    if (!later.wait_for(2)) return;
    later.answer_oldest(202);
    later.drop_all();
  }};
  CHECK(c.post("/later", "y")->status == 500);
  dropper.join();
  CHECK(c.get("/where")->status == 200);
  CHECK(server->stats().connections_accepted == 1);
}

TEST_CASE_METHOD(Running, "a responder may outlive its server") {
  start();
  std::thread asker{[&] { client().post("/later", "x").status().ignore("cut off by the stop"); }};
  REQUIRE(later.wait_for(1));
  const auto began = Steady::now();
  server->stop(50ms);
  CHECK(Steady::now() - began < 2s);
  server.reset();
  later.answer_newest(202);
  asker.join();
}

TEST_CASE_METHOD(Running, "a stop under load answers every request that it took") {
  start();
  std::atomic<int> answered{0};
  std::atomic<int> partial{0};
  std::atomic<int> asked{0};
  std::vector<std::thread> clients;
  for (int i = 0; i < 4; ++i)
    clients.emplace_back([&] {
      Client c = client();
      while (true) {
        ++asked;
        const auto answer = c.post("/echo", std::string(10'000, 'x'));
        if (!answer) return;
        if (answer->status != 200 || answer->body.size() != 10'000) ++partial;
        ++answered;
      }
    });
  REQUIRE(eventually([&] { return answered > 200; }));
  server->stop(5s);
  for (std::thread& thread : clients)
    thread.join();
  CHECK(partial == 0);
  CHECK(server->stats().connections_open == 0);
  CHECK(server->stats().requests == static_cast<std::uint64_t>(answered));
}

TEST_CASE_METHOD(Running, "a stop waits for an answer under way, then no longer than its drain") {
  start();
  int status = 0;
  std::thread asker{[&] { status = client().post("/later", "x")->status; }};
  REQUIRE(later.wait_for(1));
  std::thread stopper{[&] { server->stop(5s); }};
  CHECK(eventually([&] { return !Wire{server->port()}.is_connected(); }));
  later.answer_newest(202);
  stopper.join();
  asker.join();
  CHECK(status == 202);
}

TEST_CASE_METHOD(Running, "a port that is taken is a clear error") {
  start();
  Server second{{.port = server->port()}};
  const Status started = second.start();
  REQUIRE_FALSE(started);
  CHECK(started.error().kind == ErrorKind::kUnavailable);
  CHECK(started.message().find("in use") != std::string_view::npos);
}

TEST_CASE_METHOD(Running, "a client says what it tried when nobody answers") {
  start();
  Client c = client(200ms);
  const auto answer = c.post("/later", "x");
  REQUIRE_FALSE(answer);
  CHECK(answer.error().kind == ErrorKind::kUnavailable);
  CHECK(answer.error().message.find("POST /later on 127.0.0.1:") != std::string::npos);
  CHECK(answer.error().message.find("no answer within 200 ms") != std::string::npos);
  server->stop(0ms);
  const auto refused = c.get("/where");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message.find("connecting to 127.0.0.1:") != std::string::npos);
}
