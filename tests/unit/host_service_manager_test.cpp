#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <string>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <vector>

#include <catch2/catch.hpp>

#include "bora/testing/manual_clock.hpp"
#include "host/service_manager.hpp"
#include "support/temporary_directory.hpp"

using namespace bora::host;
using namespace std::chrono_literals;

namespace {

/// The socket of a service manager, and what it was told.
class Manager {
 public:
  explicit Manager(const std::string& path) : descriptor_(::socket(AF_UNIX, SOCK_DGRAM, 0)) {
    ::sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    if (address.sun_path[0] == '@') address.sun_path[0] = '\0';
    const auto length = static_cast<::socklen_t>(offsetof(::sockaddr_un, sun_path) + path.size());
    is_bound_ = ::bind(descriptor_, reinterpret_cast<::sockaddr*>(&address), length) == 0;
  }
  ~Manager() { ::close(descriptor_); }
  Manager(const Manager&) = delete;
  Manager& operator=(const Manager&) = delete;

  [[nodiscard]] bool is_bound() const { return is_bound_; }
  /// Since the last call.
  [[nodiscard]] std::vector<std::string> told() const {
    std::vector<std::string> messages;
    std::array<char, 256> buffer{};
    while (true) {
      const auto got = ::recv(descriptor_, buffer.data(), buffer.size(), MSG_DONTWAIT);
      if (got < 0) return messages;
      messages.emplace_back(buffer.data(), static_cast<std::size_t>(got));
    }
  }

 private:
  int descriptor_;
  bool is_bound_ = false;
};

using Messages = std::vector<std::string>;

/// Gives a variable of the environment back what it had.
class Variable {
 public:
  Variable(const char* name, const std::string& value) : name_(name) {
    if (const char* before = std::getenv(name)) before_ = before;
    ::setenv(name, value.c_str(), 1);
  }
  ~Variable() { before_.empty() ? ::unsetenv(name_) : ::setenv(name_, before_.c_str(), 1); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  const char* name_;
  std::string before_;
};

}  // namespace

TEST_CASE("a service manager hears that the process is ready, alive, and stops") {
  const bora::testing::TemporaryDirectory directory;
  const bora::testing::ManualClock clock;
  for (const std::string& socket :
       {(directory.path() / "notify").string(), "@bora-" + directory.path().string()}) {
    const Manager manager{socket};
    INFO(socket);
    REQUIRE(manager.is_bound());
    ServiceManager told{{.socket = socket, .watchdog_period = 10s}};
    CHECK(told.ready(clock.now()));
    CHECK(manager.told() == Messages{"READY=1"});
    told.stopping();
    CHECK(manager.told() == Messages{"STOPPING=1"});
  }
}

TEST_CASE("it hears of a living process twice in each period of its watchdog, and no more often") {
  const bora::testing::TemporaryDirectory directory;
  bora::testing::ManualClock clock;
  const Manager manager{(directory.path() / "notify").string()};
  ServiceManager told{{.socket = (directory.path() / "notify").string(), .watchdog_period = 10s}};
  REQUIRE(told.ready(clock.now()));
  REQUIRE(manager.told().size() == 1);
  const auto live_for = [&](std::chrono::milliseconds time) {
    for (auto passed = 0ms; passed < time; passed += 100ms) {
      clock.advance(100ms);
      told.alive(clock.now());
    }
  };
  live_for(4'900ms);
  CHECK(manager.told().empty());
  live_for(100ms);
  CHECK(manager.told() == Messages{"WATCHDOG=1"});
  live_for(20s);
  CHECK(manager.told().size() == 4);
}

TEST_CASE("without a watchdog nothing is said between ready and the stop") {
  const bora::testing::TemporaryDirectory directory;
  bora::testing::ManualClock clock;
  const Manager manager{(directory.path() / "notify").string()};
  ServiceManager told{{.socket = (directory.path() / "notify").string()}};
  REQUIRE(told.ready(clock.now()));
  clock.advance(1h);
  told.alive(clock.now());
  CHECK(manager.told() == Messages{"READY=1"});
}

TEST_CASE("nobody to tell is no fault, a manager that cannot be told is") {
  const bora::testing::ManualClock clock;
  CHECK(ServiceManager{{}}.ready(clock.now()));

  const bora::testing::TemporaryDirectory directory;
  const std::string nobody = (directory.path() / "nobody").string();
  const bora::Status told = ServiceManager{{.socket = nobody}}.ready(clock.now());
  REQUIRE_FALSE(told);
  CHECK(told.error().message.find("READY=1 at " + nobody) != std::string::npos);
  CHECK_FALSE(ServiceManager{{.socket = std::string(200, 'x')}}.ready(clock.now()));
}

TEST_CASE("the watchdog of another process is not ours") {
  const Variable socket{"NOTIFY_SOCKET", "/run/notify"};
  const Variable period{"WATCHDOG_USEC", "30000000"};
  {
    const Variable ours{"WATCHDOG_PID", std::to_string(::getpid())};
    CHECK(ServiceManagerOptions::of_environment().socket == "/run/notify");
    CHECK(ServiceManagerOptions::of_environment().watchdog_period == 30s);
  }
  const Variable others{"WATCHDOG_PID", std::to_string(::getppid())};
  CHECK(ServiceManagerOptions::of_environment().watchdog_period == 0s);
}
