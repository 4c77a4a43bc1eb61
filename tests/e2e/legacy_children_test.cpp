// The program legacy and the process that it starts, from outside.

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "e2e/program.hpp"
#include "support/temporary_directory.hpp"

using namespace bora;
using namespace std::chrono_literals;

namespace {

/// With a child that goes on when its standard input is closed.
std::vector<std::string> arguments(const std::filesystem::path& directory) {
  std::vector<std::string> all{"run"};
  for (const std::string& setting :
       {"topics=log:" + (directory / "topics").string(),
        "legacy.system=log:" + (directory / "told.jsonl").string(),
        std::string{"legacy.command=python3 " BORA_MULTILANG_CHILD " stay"},
        std::string{"control.port=0"}}) {
    all.push_back("--set");
    all.push_back(setting);
  }
  return all;
}

/// False for one that nobody has reaped yet, too.
bool is_alive(int pid) {
  std::ifstream stat{"/proc/" + std::to_string(pid) + "/stat"};
  std::string text;
  std::getline(stat, text);
  const auto end = text.rfind(')');
  return end != std::string::npos && text.substr(end, 3) != ") Z";
}
bool wait_gone(int pid) {
  const auto end = std::chrono::steady_clock::now() + 60s;
  while (is_alive(pid) && std::chrono::steady_clock::now() < end)
    std::this_thread::sleep_for(5ms);
  return !is_alive(pid);
}

}  // namespace

TEST_CASE("legacy: its child ends with it, however it ends") {
  const testing::TemporaryDirectory directory;
  // Where a kill leaves the directory of the child's pid.
  ::setenv("TMPDIR", directory.path().c_str(), 1);
  for (const int number : {SIGKILL, SIGTERM}) {
    e2e::Program legacy{BORA_LEGACY, arguments(directory.path()), directory.path() / "output"};
    REQUIRE(legacy.wait_for("\"message\":\"ready\"", 60s));
    const int child = std::stoi(legacy.text_after("is ready, pid "));
    REQUIRE(is_alive(child));
    legacy.signal(number);
    const auto code = legacy.wait(60s);
    REQUIRE(code.has_value());
    CHECK(*code == (number == SIGKILL ? 128 + SIGKILL : 0));
    CHECK(wait_gone(child));
  }
}
