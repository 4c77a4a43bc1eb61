#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "e2e/coldchain_fixture.hpp"
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

}  // namespace

TEST_CASE("the demonstration archives every reading once and accounts for every broken record") {
  Demo demo{{"--rate", "0"}};
  REQUIRE(demo.program->wait(90s) == 0);
  CHECK(demo.says("38,424 of 38,424 done"));
  CHECK(demo.says("all devices            38,174     38,174"));
  CHECK(demo.says("all reasons               250        250"));
  CHECK(demo.says("ALL IN ORDER"));
  CHECK_FALSE(demo.says("WRONG"));
  CHECK(secrets_in(demo.program->output()).empty());
  CHECK(secrets_in(demo.log()).empty());
  CHECK(demo.log().find("drained=true") != std::string::npos);

  Program count{BORA_COLDCHAIN,
                {"store", "count", "--archive", (demo.data / "archive").string()},
                demo.directory.path() / "count"};
  CHECK(count.wait(20s) == 0);
  CHECK(count.output() == "38174\n");
}

TEST_CASE("the demonstration can be kept running, to look at it") {
  Demo demo{{"--rate", "0", "--keep-running"}};
  REQUIRE(demo.program->wait_for("Still running", 90s));
  CHECK(demo.says("ALL IN ORDER"));
  CHECK(demo.says("control plane   http://127.0.0.1:"));
  demo.program->signal(SIGINT);
  CHECK(demo.program->wait(20s) == 0);
}

TEST_CASE("an interrupted demonstration says so and fails") {
  Demo demo{{"--rate", "100"}};
  REQUIRE(demo.program->wait_for("of 38,424 done", 20s));
  demo.program->signal(SIGTERM);
  CHECK(demo.program->wait(20s) == 1);
  CHECK(demo.says("Interrupted"));
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
