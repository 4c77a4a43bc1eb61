#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "e2e/program.hpp"
#include "support/temporary_directory.hpp"

using namespace bora::e2e;
using namespace std::chrono_literals;

namespace {

struct Demo {
  explicit Demo(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"demo", "--dir", data.string()});
    program.emplace(BORA_COLDCHAIN, std::move(arguments), directory.path() / "output");
  }
  [[nodiscard]] bool says(const std::string& text) const {
    return program->output().find(text) != std::string::npos;
  }
  [[nodiscard]] std::string log() const {
    std::ifstream file{data / "coldchain.log"};
    return {std::istreambuf_iterator<char>{file}, {}};
  }

  bora::testing::TemporaryDirectory directory;
  const std::filesystem::path data = directory.path() / "data";
  std::optional<Program> program;
};

/// Readings of two motes, a hundred each.
class Small {
 public:
  Small() {
    std::ofstream out{file()};
    out << "reading,mote_id,temperature\n";
    for (int mote = 1; mote <= 2; ++mote)
      for (int reading = 1; reading <= 100; ++reading)
        out << reading << ',' << mote << ',' << 20 + reading % 10 << ".5\n";
  }
  [[nodiscard]] std::string file() const { return (directory_.path() / "small.csv").string(); }

 private:
  bora::testing::TemporaryDirectory directory_;
};

std::string text_of(const std::filesystem::path& path) {
  std::ifstream file{path};
  return {std::istreambuf_iterator<char>{file}, {}};
}

/// Entries of the archive, read beside its owner.
int archived(const Demo& demo) {
  Program count{BORA_COLDCHAIN,
                {"store", "count", "--archive", (demo.data / "archive").string()},
                demo.directory.path() / "count"};
  CHECK(count.wait(20s) == 0);
  return std::stoi("0" + count.output());
}

/// Those in the reports of one device.
std::set<std::string> secrets_of(const Demo& demo, const std::string& set) {
  Program scan{BORA_COLDCHAIN,
               {"store", "scan", "--device", "3", "--set", set},
               demo.directory.path() / "scan"};
  CHECK(scan.wait(20s) == 0);
  std::set<std::string> secrets;
  std::istringstream lines{scan.output()};
  for (std::string line; std::getline(lines, line);) {
    const auto message = nlohmann::json::parse(line).at("message");
    secrets.insert(std::to_string(message.at("device").at("auth").get<std::uint64_t>()));
    secrets.insert(message.at("gateway").at("token").get<std::string>());
  }
  CHECK(secrets.size() >= 2);
  return secrets;
}

}  // namespace

TEST_CASE("the demonstration finds in every store what must have become of what it sent") {
  Demo demo{{"--rate", "0"}};
  REQUIRE(demo.program->wait(240s) == 0);
  CHECK(demo.says("38,428 of 38,428 sent"));
  CHECK(demo.says("archive         reports                  38,178     38,178   ok"));
  CHECK(demo.says("ALL IN ORDER"));
  CHECK_FALSE(demo.says("WRONG"));
  for (const char* kind : {"bad_device_token", "inactive_device", "unknown_device", "silent",
                           "back", "too_hot", "too_cold", "low_battery", "clock_skew"})
    CHECK(demo.says(kind));
  CHECK(demo.says("ALERT"));
  CHECK(demo.log().find("drained=true") != std::string::npos);

  const std::string set = "data=" + demo.data.string();
  Program count{BORA_COLDCHAIN, {"store", "count", "--set", set}, demo.directory.path() / "count"};
  CHECK(count.wait(20s) == 0);
  CHECK(count.output() == "38178\n");
  for (const std::string& secret : secrets_of(demo, set)) {
    CHECK_FALSE(demo.says(secret));
    CHECK(demo.log().find(secret) == std::string::npos);
    CHECK(text_of(demo.data / "notifications.jsonl").find(secret) == std::string::npos);
  }
}

TEST_CASE("the demonstration can be kept running, to look at it") {
  const Small small;
  Demo demo{{"--rate", "0", "--duplicates", "3", "--malformed", "10", "--csv", small.file(),
             "--keep-running"}};
  REQUIRE(demo.program->wait_for("Still running", 120s));
  CHECK(demo.says("ALL IN ORDER"));
  CHECK(demo.says("control plane   http://127.0.0.1:"));
  CHECK(demo.says("admin API       http://127.0.0.1:"));
  CHECK(demo.says("/api/v1/datapoints/query"));
  // Two motes are a device that came back and one that is good: 200 readings, three of them sent twice,
  // and one after the silence; then more and more.
  const auto deadline = std::chrono::steady_clock::now() + 60s;
  while (archived(demo) <= 204 && std::chrono::steady_clock::now() < deadline)
    std::this_thread::sleep_for(200ms);
  CHECK(archived(demo) > 204);
  demo.program->signal(SIGINT);
  CHECK(demo.program->wait(20s) == 0);
}

TEST_CASE("an interrupted demonstration says so and fails") {
  const Small small;
  Demo demo{{"--rate", "10", "--csv", small.file(), "--duplicates", "0", "--malformed", "0"}};
  REQUIRE(demo.program->wait_for(" sent, ", 60s));
  demo.program->signal(SIGTERM);
  CHECK(demo.program->wait(20s) == 1);
  CHECK(demo.says("Interrupted"));
}

namespace {

/// A run on this data comes up without help, and ends in order.
void check_runs(const Demo& demo) {
  Program run{BORA_COLDCHAIN,
              {"run", "--log-format", "json", "--set", "data=" + demo.data.string(), "--set",
               "control.port=0", "--set", "ingest.port=0", "--set", "admin.port=0", "--set",
               "series.api_port=0"},
              demo.directory.path() / "run"};
  const bool is_ready = run.wait_for("\"message\":\"ready\"", 30s);
  INFO(run.output());
  REQUIRE(is_ready);
  run.signal(SIGTERM);
  CHECK(run.wait(30s) == 0);
}

}  // namespace

TEST_CASE("a demonstration that was killed leaves data that a run goes on with") {
  const Small small;
  Demo demo{{"--rate", "100", "--csv", small.file(), "--duplicates", "0", "--malformed", "0"}};
  REQUIRE(demo.program->wait_for(" sent, ", 60s));
  demo.program->kill();
  check_runs(demo);
}

// By hand: BORA_KILLS=40, each a quarter of a second later than the one before.
TEST_CASE("a demonstration that was killed at any moment leaves such data", "[.killed]") {
  const char* text = std::getenv("BORA_KILLS");
  const int kills = text == nullptr ? 12 : std::atoi(text);
  for (int kill = 1; kill <= kills; ++kill) {
    INFO("killed after " << kill << " quarters of a second");
    Demo demo{{}};
    std::this_thread::sleep_for(kill * 250ms);
    demo.program->kill();
    check_runs(demo);
  }
}

TEST_CASE("the demonstration does not mix with what is there, and names readings it cannot find") {
  Demo first{{"--csv", "/nowhere/at-all.csv"}};
  CHECK(first.program->wait(20s) == 1);
  CHECK(first.says("/nowhere/at-all.csv"));
  Program second{BORA_COLDCHAIN,
                 {"demo", "--dir", first.directory.path().string()},
                 first.directory.path() / "output2"};
  CHECK(second.wait(20s) == 2);
  CHECK(second.output().find("is not empty") != std::string::npos);
}
