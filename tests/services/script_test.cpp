// scripts/services itself, in copies of it that have ports and directories of their own. With Redis
// alone, which starts in no time: what is tested here is the same for every server.

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "support/temporary_directory.hpp"

namespace bora::services {

namespace {

namespace fs = std::filesystem;

struct Outcome {
  int code = -1;
  std::string output = {};
};

/// What is checked out of the project as far as scripts/services needs it. Its destructor ends what
/// it started.
class Checkout {
 public:
  Checkout() {
    const fs::path source = BORA_SOURCE_DIRECTORY;
    fs::create_directories(path() / "deploy");
    fs::copy(source / "scripts", path() / "scripts", fs::copy_options::recursive);
    fs::copy(source / "deploy/services", path() / "deploy/services", fs::copy_options::recursive);
  }
  ~Checkout() { run("scripts/services down"); }
  Checkout(const Checkout&) = delete;
  Checkout& operator=(const Checkout&) = delete;

  [[nodiscard]] const fs::path& path() const { return directory_.path(); }

  Outcome run(const std::string& command) {
    const std::string line = "cd '" + path().string() + "' && { " + command + "; } 2>&1";
    Outcome outcome;
    std::FILE* pipe = ::popen(line.c_str(), "r");
    REQUIRE(pipe != nullptr);
    std::array<char, 512> piece{};
    while (std::fgets(piece.data(), static_cast<int>(piece.size()), pipe) != nullptr)
      outcome.output += piece.data();
    const int status = ::pclose(pipe);
    outcome.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return outcome;
  }
  /// Asks the server at the address that build/services/env names.
  Outcome redis(const std::string& command) {
    return run(". build/services/env && redis-cli -h 127.0.0.1 -p ${BORA_REDIS##*:} " + command);
  }
  std::string file(const std::string& name) { return run("cat " + name).output; }

 private:
  testing::TemporaryDirectory directory_;
};

}  // namespace

TEST_CASE("a server is started once, named in the environment file, and ended") {
  Checkout checkout;
  const Outcome up = checkout.run("scripts/services up redis");
  INFO(up.output);
  REQUIRE(up.code == 0);
  CHECK(checkout.redis("ping").output == "PONG\n");
  const std::string pid = checkout.file("build/services/redis/pid");

  const Outcome again = checkout.run("scripts/services up redis");
  CHECK(again.code == 0);
  CHECK(again.output.find("ran already") != std::string::npos);
  CHECK(checkout.file("build/services/redis/pid") == pid);
  CHECK(checkout.run("scripts/services status").output.find("answers") != std::string::npos);

  CHECK(checkout.run("scripts/services down").code == 0);
  CHECK(checkout.file("build/services/env").empty());
  CHECK(checkout.run("scripts/services env").code == 1);
}

TEST_CASE("a server that was killed comes back on its port with its data") {
  Checkout checkout;
  REQUIRE(checkout.run("scripts/services up redis").code == 0);
  CHECK(checkout.redis("set answer 42").output == "OK\n");
  const std::string environment = checkout.file("build/services/env");

  CHECK(checkout.run("scripts/services kill redis").code == 0);
  CHECK(checkout.redis("ping").code != 0);
  const Outcome twice = checkout.run("scripts/services kill redis");
  CHECK(twice.code == 1);
  CHECK(twice.output.find("does not run") != std::string::npos);

  CHECK(checkout.run("scripts/services start redis").code == 0);
  CHECK(checkout.file("build/services/env") == environment);
  CHECK(checkout.redis("get answer").output == "42\n");
}

TEST_CASE("what one checkout ends runs on in another") {
  Checkout one;
  Checkout other;
  REQUIRE(one.run("scripts/services up redis").code == 0);
  REQUIRE(other.run("scripts/services up redis").code == 0);
  CHECK(one.file("build/services/env") != other.file("build/services/env"));
  CHECK(one.run("scripts/services down").code == 0);
  CHECK(other.redis("ping").output == "PONG\n");
}

TEST_CASE("a process that got the pid of a server which is gone is never ended") {
  Checkout checkout;
  REQUIRE(checkout.run("scripts/services up redis").code == 0);
  REQUIRE(checkout.run("scripts/services kill redis").code == 0);
  // This test's own process, as if it had been given the pid: its start time is another.
  std::ofstream(checkout.path() / "build/services/redis/pid") << ::getpid() << " 1\n";
  CHECK(checkout.run("scripts/services kill redis").code == 1);
  CHECK(checkout.run("scripts/services down").code == 0);
}

TEST_CASE("a command runs with servers that are ended after it, and its exit code is kept") {
  Checkout checkout;
  const Outcome with = checkout.run(
      "scripts/services with redis -- sh -c '. build/services/env && "
      "redis-cli -p ${BORA_REDIS##*:} ping; exit 7'");
  INFO(with.output);
  CHECK(with.code == 7);
  CHECK(with.output.find("PONG") != std::string::npos);
  CHECK(checkout.run("scripts/services status").output.find("answers") == std::string::npos);

  REQUIRE(checkout.run("scripts/services up redis").code == 0);
  CHECK(checkout.run("scripts/services with redis -- true").code == 0);
  CHECK(checkout.redis("ping").output == "PONG\n");
}

TEST_CASE("a port that another program took is given up for a free one") {
  Checkout one;
  Checkout other;
  REQUIRE(one.run("scripts/services up redis").code == 0);
  fs::create_directories(other.path() / "build/services");
  fs::copy(one.path() / "build/services/ports", other.path() / "build/services/ports");
  const Outcome up = other.run("scripts/services up redis");
  INFO(up.output);
  CHECK(up.code == 0);
  CHECK(up.output.find("was taken by another program") != std::string::npos);
  CHECK(one.file("build/services/env") != other.file("build/services/env"));
}

TEST_CASE("an unknown service or instance is named, with those that there are") {
  Checkout checkout;
  const Outcome service = checkout.run("scripts/services up rabbit");
  CHECK(service.code == 1);
  CHECK(service.output.find("no service 'rabbit'") != std::string::npos);
  CHECK(service.output.find("kairosdb") != std::string::npos);
  CHECK(checkout.run("scripts/services start redis").code == 1);
}

TEST_CASE("certificates have keys for their owner only, and are made once") {
  Checkout checkout;
  REQUIRE(checkout.run("scripts/certs certificates").code == 0);
  for (const std::string name : {"ca", "server", "gateway", "topology", "operator", "stranger"}) {
    const auto mode = fs::status(checkout.path() / "certificates" / (name + ".key")).permissions();
    CHECK((mode & fs::perms::mask) == (fs::perms::owner_read | fs::perms::owner_write));
    const auto verified =
        checkout.run("openssl verify -CAfile certificates/ca.pem certificates/" + name + ".pem");
    CHECK(verified.code == 0);
  }
  const std::string gateway = checkout.file("certificates/gateway.pem");
  CHECK(checkout.run("scripts/certs certificates").code == 0);
  CHECK(checkout.file("certificates/gateway.pem") == gateway);
  CHECK(checkout.run("scripts/certs --renew certificates").code == 0);
  CHECK(checkout.file("certificates/gateway.pem") != gateway);
}

}  // namespace bora::services
