#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "bora/clock.hpp"
#include "connectors/http/server.hpp"
#include "host/log.hpp"
#include "host/tap.hpp"
#include "support/wire.hpp"

using namespace bora;
using namespace bora::host;
using http::EventStream;
using http::Request;
using http::Response;

TEST_CASE("streams of log and taps come, go and end while many threads feed them") {
  constexpr int kFeeders = 2;
  constexpr int kReaders = 3;
  constexpr int kVisits = 5;
  const SystemClock clock;
  Taps taps{clock};
  LogOptions options;
  options.sink = [](std::string_view) {};
  Log log{options};
  http::Server server{{.threads = 2}};
  server.route_events("/logs", [&](const Request&, EventStream stream) -> std::optional<Response> {
    log.follow(10, [stream](std::string_view line) { return stream.send("line", line); });
    return std::nullopt;
  });
  server.route_events("/tap", [&](const Request&, EventStream stream) -> std::optional<Response> {
    taps.point("x")->watch(50, [stream](std::string_view text) { return stream.send("s", text); });
    return std::nullopt;
  });
  REQUIRE(server.start());

  std::atomic<bool> is_over{false};
  std::atomic<int> served{0};
  std::vector<std::thread> threads;
  for (int feeder = 0; feeder < kFeeders; ++feeder)
    threads.emplace_back([&, feeder] {
      const auto point = taps.point("x");
      for (std::uint64_t n = 0; !is_over; ++n) {
        log.info(std::to_string(feeder) + " " + std::to_string(n));
        log.set_level(n % 2 == 0 ? LogLevel::kDebug : LogLevel::kInfo);
        if (point->is_watched()) point->offer({.value = R"({"n":1})"});
        std::this_thread::sleep_for(std::chrono::milliseconds{2});  // slower than any reader
      }
    });
  for (int reader = 0; reader < kReaders; ++reader)
    threads.emplace_back([&, reader] {
      for (int visit = 0; visit < kVisits; ++visit) {
        testing::Wire wire{server.port()};
        wire.send(std::string{"GET "} + ((reader + visit) % 2 == 0 ? "/logs" : "/tap") +
                  " HTTP/1.1\r\nHost: x\r\n\r\n");
        if (wire.read_until("data: ")) ++served;
      }  // gone without a word
    });
  for (std::size_t i = kFeeders; i < threads.size(); ++i)
    threads[i].join();
  testing::Wire last{server.port()};
  last.send("GET /logs HTTP/1.1\r\nHost: x\r\n\r\n");
  const bool is_served = last.read_until("data: ");
  server.stop(std::chrono::milliseconds{100});  // while they are fed
  is_over = true;
  for (std::size_t i = 0; i < kFeeders; ++i)
    threads[i].join();
  CHECK(served == kReaders * kVisits);
  CHECK(is_served);
  CHECK(last.read_to_end());
}
