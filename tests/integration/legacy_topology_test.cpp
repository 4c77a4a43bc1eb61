// The legacy topology with the embedded log, children in two languages, and an older system over HTTP.

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "bora/running_topology.hpp"
#include "connectors/http/server.hpp"
#include "spouts/dead_letter.hpp"
#include "support/topic_log_fixture.hpp"
#include "topologies/coldchain/codec.hpp"
#include "topologies/legacy/topology.hpp"
#include "topologies/parts/log_part.hpp"
#include "topologies/parts/notify.hpp"

using namespace bora;
using namespace bora::coldchain;
using namespace std::chrono_literals;

namespace {

/// Keeps what it is posted, by idempotency key. It is out of order now and then.
class OlderSystem {
 public:
  using Bodies = std::map<std::string, std::string>;

  OlderSystem() {
    server_.route_async(http::Method::kPost, "/readings", [this](auto request, auto responder) {
      const std::lock_guard lock(mutex_);
      ++requests_;
      if (requests_ % 40 == 0) return std::move(responder).answer(http::text(503, "one moment"));
      for (const http::Header& header : request.headers)
        if (header.name == "Idempotency-Key") bodies_[header.value] = request.body;
      std::move(responder).answer(http::text(200, "ok"));
    });
    const Status started = server_.start();
    BORA_CHECK(started.is_ok(), started.message());
  }
  ~OlderSystem() { server_.stop(0ms); }
  [[nodiscard]] std::string url() const {
    return "http://127.0.0.1:" + std::to_string(server_.port()) + "/readings";
  }
  [[nodiscard]] Bodies bodies() {
    const std::lock_guard lock(mutex_);
    return bodies_;
  }

 private:
  std::mutex mutex_;
  std::size_t requests_ = 0;
  Bodies bodies_;
  http::Server server_{{}};
};

Reading reading_of(std::uint64_t device, std::int64_t time) {
  return {.device_id = DeviceId{device},
          .gateway_id = GatewayId{7},
          .temperature = -20.25 + static_cast<double>(device),
          .time = from_millis(time),
          .received = from_millis(time + 1000),
          .battery = static_cast<std::uint8_t>(device * 9 % 101)};
}

/// A process of the program without its command line.
class Process {
 public:
  Process(const std::filesystem::path& directory, const std::string& url,
          std::vector<std::string> command)
      : log_({.path = directory / "topics", .durability = log::Durability::kUnsynced}, clock_) {
    must(log_.start());
    parts::NotifyOptions system;
    system.url = host::Url::parse(url).value();
    system.in_flight = 8;
    legacy::LegacyOptions options;
    options.command = std::move(command);
    options.directory = BORA_LEGACY_RESOURCES;
    options.spout.commit_every = 20ms;
    options.spout.retry.first_backoff = 10ms;
    options.spout.retry.max_outage_backoff = 50ms;
    auto topology =
        legacy::make_topology(options, {.connections = log_.connections("readings", "legacy"),
                                        .system = parts::make_notifier(system).value()});
    must(topology.status());
    auto running = RunningTopology::start(std::move(*topology));
    must(running.status());
    running_ = std::move(*running);
  }
  ~Process() {
    running_->stop(30s);
    running_.reset();
    log_.stop({});
  }
  void append(std::size_t count) {
    std::vector<Record> records;
    for (std::size_t i = 0; i < count; ++i) {
      Record record;
      const Reading reading =
          reading_of(100 + i % 10, 1'466'380'800'000 + static_cast<std::int64_t>(i) * 977);
      record.key = record_key(reading.device_id);
      write_reading(reading, record.value);
      records.push_back(std::move(record));
    }
    BORA_CHECK(log_.log().append("readings", records).is_ok(), "the log takes no records");
  }
  bool wait_until_through() {
    const auto deadline = std::chrono::steady_clock::now() + 100s;
    while (!is_through() && std::chrono::steady_clock::now() < deadline)
      std::this_thread::sleep_for(2ms);
    return is_through();
  }
  [[nodiscard]] std::size_t dead_letters() {
    std::size_t count = 0;
    for (const auto& topic : log_.log().stats().topics)
      for (const log::PartitionStats& partition : topic.partitions)
        if (topic.topic == dead_letter_topic("readings"))
          count += static_cast<std::size_t>(partition.end_offset - partition.start_offset);
    return count;
  }

 private:
  static void must(const Status& status) { BORA_CHECK(status.is_ok(), status.message()); }
  bool is_through() {
    for (const log::GroupStats& group : log_.log().stats().groups)
      if (group.topic == "readings" && group.group == "legacy") return group.lag == 0;
    return false;
  }

  SystemClock clock_;
  parts::LogPart log_;
  std::unique_ptr<RunningTopology> running_;
};

/// Processes whose parent is this one.
std::vector<pid_t> children() {
  std::vector<pid_t> found;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const std::string name = entry.path().filename().string();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    std::ifstream stat{entry.path() / "stat"};
    std::string text{std::istreambuf_iterator<char>{stat}, {}};
    const auto end = text.rfind(')');
    if (end == std::string::npos || end + 4 > text.size()) continue;
    if (std::stol(text.substr(end + 4)) == ::getpid()) found.push_back(std::stoi(text));
  }
  return found;
}

OlderSystem::Bodies brought_by(std::vector<std::string> command) {
  const log::testing::ScratchDirectory directory;
  OlderSystem system;
  Process process{directory.path(), system.url(), std::move(command)};
  process.append(200);
  CHECK(process.wait_until_through());
  CHECK(process.dead_letters() == 0);
  return system.bodies();
}

}  // namespace

TEST_CASE("legacy: readings reach the older system in its format, by Python and by Node alike") {
  const auto by_python = brought_by({"python3", "reshape.py"});
  REQUIRE(by_python.size() == 200);
  CHECK(by_python.at("reading-103-1466380802931") ==
        R"({"sensor":"0000000103","station":"000007","when":"2016-06-20 00:00:02.931",)"
        R"("fahrenheit10":1810,"battery":"poor"})");
  CHECK(brought_by({"node", "reshape.js"}) == by_python);
}

TEST_CASE("legacy: children killed at any moment lose no reading") {
  const log::testing::ScratchDirectory directory;
  OlderSystem system;
  Process process{directory.path(), system.url(), {"python3", "reshape.py"}};
  process.append(2'000);
  for (const std::size_t after : {100U, 700U, 1'300U}) {
    const auto deadline = std::chrono::steady_clock::now() + 60s;
    while ((system.bodies().size() < after || children().size() != 1) &&
           std::chrono::steady_clock::now() < deadline)
      std::this_thread::sleep_for(10ms);
    const auto pids = children();
    REQUIRE(pids.size() == 1);
    REQUIRE(::kill(pids.front(), SIGKILL) == 0);
  }
  CHECK(process.wait_until_through());
  CHECK(system.bodies().size() == 2'000);
  CHECK(process.dead_letters() == 0);
}
