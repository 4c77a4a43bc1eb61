// The inputs of a gateway on real sockets and files.

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "bora/clock.hpp"
#include "bora/trace.hpp"
#include "connectors/http/client.hpp"
#include "services/gateway/gateway_parts.hpp"
#include "services/gateway/outbox.hpp"
#include "services/gateway/outbox_writer.hpp"
#include "support/temporary_directory.hpp"

using namespace bora;
using namespace bora::gateway;
using namespace std::chrono_literals;

namespace {

const std::string kMessage =
    R"({"device":{"id":1,"auth":2},"reading":{"temp":4,"time":5,"batt":6}})";

struct Fixture {
  Fixture() {
    options.outbox = (directory.path() / "outbox.db").string();
    options.socket = (directory.path() / "socket").string();
    options.http_port = 0;
  }
  [[nodiscard]] std::uint64_t rows() const {
    return Outbox::open_read_only(options.outbox).value()->summary()->rows;
  }

  testing::TemporaryDirectory directory;
  SystemClock clock;
  GatewayOptions options;
};

class Sender {
 public:
  explicit Sender(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    is_connected_ =
        ::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
  ~Sender() { ::close(socket_); }
  Sender(const Sender&) = delete;
  Sender& operator=(const Sender&) = delete;

  [[nodiscard]] bool is_connected() const { return is_connected_; }
  void send(const std::string& text) const {
    static_cast<void>(::send(socket_, text.data(), text.size(), MSG_NOSIGNAL));
  }
  void end() const { ::shutdown(socket_, SHUT_WR); }
  /// Until the other side ends or has said `bytes`.
  [[nodiscard]] std::string receive(std::size_t bytes) const {
    std::string text;
    std::array<char, 4096> buffer;
    while (text.size() < bytes) {
      const ssize_t got = ::recv(socket_, buffer.data(), buffer.size(), 0);
      if (got <= 0) break;
      text.append(buffer.data(), static_cast<std::size_t>(got));
    }
    return text;
  }

 private:
  int socket_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  bool is_connected_ = false;
};

}  // namespace

TEST_CASE("a sender at the socket is answered when its message is in the outbox") {
  Fixture fixture;
  InputPart input{fixture.options, fixture.clock};
  REQUIRE(input.start());
  const Sender sender{fixture.options.socket};
  REQUIRE(sender.is_connected());
  sender.send(kMessage + "\n");
  CHECK(sender.receive(3) == "ok\n");
  CHECK(fixture.rows() == 1);
  sender.send(kMessage + "\n" + kMessage);
  sender.end();
  CHECK(sender.receive(6) == "ok\nok\n");
  CHECK(fixture.rows() == 3);
  input.stop(1s);
}

TEST_CASE("messages come over HTTP on loopback, and nowhere else without TLS") {
  Fixture fixture;
  InputPart input{fixture.options, fixture.clock};
  REQUIRE(input.start());
  const std::string url = input.url();
  http::ClientOptions options;
  options.port = static_cast<std::uint16_t>(std::stoul(url.substr(url.rfind(':') + 1)));
  http::Client client{options};
  const auto answer = client.post("/v1/messages", kMessage + "\n" + kMessage + "\n");
  REQUIRE(answer);
  CHECK(answer->status == 202);
  CHECK(fixture.rows() == 2);
  input.stop(1s);

  fixture.options.http_address = "0.0.0.0";
  InputPart exposed{fixture.options, fixture.clock};
  const Status refused = exposed.start();
  REQUIRE_FALSE(refused);
  CHECK(refused.error().kind == ErrorKind::kInvalid);
}

TEST_CASE(
    "a gateway goes on with the trace of a request, and begins one with a share of the others") {
  struct Spans final : SpanSink {
    void take(Span span) noexcept override {
      const std::lock_guard lock(mutex);
      all.push_back(std::move(span));
    }
    std::mutex mutex;
    std::vector<Span> all;
  } spans;
  const TraceContext sender{{1, 2}, SpanId{3}};
  Fixture fixture;
  /// The trace that the message was stored with.
  const auto stored_with = [&](SpanSink* sink, double share, const std::string& traceparent) {
    InputPart input{fixture.options, fixture.clock};
    host::ServiceHost process;
    process.spans = sink;
    process.trace_share = share;
    input.attach(process);
    REQUIRE(input.start());
    const std::string url = input.url();
    http::ClientOptions options;
    options.port = static_cast<std::uint16_t>(std::stoul(url.substr(url.rfind(':') + 1)));
    http::Client client{options};
    std::vector<http::Header> headers;
    if (!traceparent.empty()) headers.push_back({"traceparent", traceparent});
    const auto answer = client.send(http::Method::kPost, "/v1/messages", kMessage, headers);
    REQUIRE(answer);
    CHECK(answer->status == 202);
    input.stop(1s);
    auto outbox = open_outbox(fixture.options, sqlite::DatabaseOptions::Durability::kFull);
    REQUIRE(outbox);
    const auto rows = (*outbox)->first(100, 1 << 20);
    REQUIRE(rows);
    return parse_traceparent(rows->back().traceparent);
  };

  CHECK(stored_with(nullptr, 1, "") == std::nullopt);
  CHECK(stored_with(nullptr, 0, to_traceparent(sender)) == sender);
  CHECK(stored_with(&spans, 0, "") == std::nullopt);
  CHECK(stored_with(&spans, 0, "00-rubbish-01") == std::nullopt);
  CHECK(spans.all.empty());

  const auto gone_on = stored_with(&spans, 0, to_traceparent(sender));
  REQUIRE(spans.all.size() == 1);
  CHECK(spans.all[0].parent == sender.span);
  CHECK(spans.all[0].at.trace == sender.trace);
  CHECK(gone_on == spans.all[0].at);

  const auto begun = stored_with(&spans, 1, "");
  REQUIRE(spans.all.size() == 2);
  CHECK(spans.all[1].parent == SpanId{});
  CHECK(begun == spans.all[1].at);
}

TEST_CASE("the socket is its owner's, and one that a killed gateway left is taken over") {
  Fixture fixture;
  {
    const int left = ::socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, fixture.options.socket.c_str(), sizeof address.sun_path - 1);
    REQUIRE(::bind(left, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    ::close(left);
  }
  InputPart input{fixture.options, fixture.clock};
  REQUIRE(input.start());
  using std::filesystem::perms;
  CHECK(std::filesystem::status(fixture.options.socket).permissions() ==
        (perms::owner_read | perms::owner_write));
  InputPart second{fixture.options, fixture.clock};
  const Status refused = second.start();
  REQUIRE_FALSE(refused);
  CHECK(refused.is_retryable());
  const Sender sender{fixture.options.socket};
  CHECK(sender.is_connected());
  input.stop(1s);
  CHECK_FALSE(std::filesystem::exists(fixture.options.socket));
}

TEST_CASE("input that stops answers what had come, and ends its connections") {
  Fixture fixture;
  InputPart input{fixture.options, fixture.clock};
  REQUIRE(input.start());
  const Sender silent{fixture.options.socket};
  const Sender sender{fixture.options.socket};
  sender.send(kMessage + "\n");
  CHECK(sender.receive(3) == "ok\n");
  input.stop(1s);
  CHECK(silent.receive(1).empty());
  CHECK(fixture.rows() == 1);
}

TEST_CASE("senders are answered after the commit, and those who came during one share the next") {
  Fixture fixture;
  auto outbox = open_outbox(fixture.options, sqlite::DatabaseOptions::Durability::kFull);
  REQUIRE(outbox);
  // Another writer holds the first commit up until all have come.
  auto other = sqlite::Database::open({.path = fixture.options.outbox});
  REQUIRE(other);
  auto held =
      std::make_unique<Result<sqlite::Transaction>>(sqlite::Transaction::begin(**other, "hold up"));
  REQUIRE(*held);
  OutboxWriter writer{*std::move(outbox), {.topic = "reports"}, fixture.clock};
  std::vector<std::promise<Status>> outcomes(100);
  for (auto& outcome : outcomes)
    REQUIRE(writer.submit({kMessage},
                          [&outcome](Status status) { outcome.set_value(std::move(status)); }));
  std::vector<std::future<Status>> answers;
  for (auto& outcome : outcomes)
    answers.push_back(outcome.get_future());
  for (auto& answer : answers)
    CHECK(answer.wait_for(0s) == std::future_status::timeout);
  held.reset();
  for (auto& answer : answers)
    CHECK(answer.get());
  CHECK(writer.stored() == 100);
  CHECK(writer.commits() <= 2);
  CHECK(fixture.rows() == 100);
}

TEST_CASE("what waits for the disk is bounded, and refused beyond") {
  Fixture fixture;
  auto outbox = open_outbox(fixture.options, sqlite::DatabaseOptions::Durability::kFull);
  REQUIRE(outbox);
  auto other = sqlite::Database::open({.path = fixture.options.outbox});
  REQUIRE(other);
  auto held =
      std::make_unique<Result<sqlite::Transaction>>(sqlite::Transaction::begin(**other, "hold up"));
  REQUIRE(*held);
  OutboxWriter writer{
      *std::move(outbox), {.topic = "reports", .max_queued_bytes = 1000}, fixture.clock};
  std::atomic<int> answered{0};
  int queued = 0;
  while (queued < 100 && writer.submit({kMessage}, [&](const Status&) { ++answered; }))
    ++queued;
  CHECK(queued >= 10);
  CHECK(queued < 40);  // one queue's worth, and what the thread had taken
  held.reset();
  writer.stop();
  CHECK(answered == queued);
  CHECK_FALSE(writer.submit({kMessage}, [](const Status&) {}));
}

TEST_CASE("an outbox has one output") {
  Fixture fixture;
  const GatewayIdentity identity{coldchain::GatewayId{7}, coldchain::GatewaySecret{"TOKEN"}};
  const auto sink = fixture.options.sink();
  REQUIRE(sink);
  const auto make_sink = [&] { return std::make_unique<kafka::KafkaSink>(*sink); };
  OutputPart first{fixture.options, identity, make_sink, fixture.clock};
  OutputPart second{fixture.options, identity, make_sink, fixture.clock};
  REQUIRE(first.start());
  const Status refused = second.start();
  REQUIRE_FALSE(refused);
  CHECK_THAT(std::string{refused.message()}, Catch::Contains("another process"));
  first.stop(1s);
  CHECK(second.start());
  second.stop(1s);
}
