// A disk that is full for a while under everything that coldchain keeps.

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <thread>
#include <utility>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "connectors/http/client.hpp"
#include "e2e/coldchain_fixture.hpp"
#include "e2e/load.hpp"
#include "e2e/small_disk.hpp"
#include "services/admin/admin_part.hpp"
#include "topologies/coldchain/bcrypt.hpp"

using namespace bora;
using namespace bora::e2e;
using namespace std::chrono_literals;

namespace {

bool wait_until(const std::function<bool()>& is_so) {
  const auto deadline = std::chrono::steady_clock::now() + 60s;
  while (!is_so()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(10ms);
  }
  return true;
}

std::string readiness(const Coldchain& coldchain) {
  http::Client client{{.port = coldchain.control_port()}};
  const auto answer = client.get("/readyz");
  return answer ? answer->body : answer.error().message;
}

bool is_ready(const Coldchain& coldchain) {
  const auto json = nlohmann::json::parse(readiness(coldchain), nullptr, false);
  return json.is_object() && json.at("ready") == true;
}

constexpr const char* kPassword = "correct horse battery";

/// While nobody has the registry open.
void add_operator(const std::filesystem::path& data) {
  const SystemClock clock;
  admin::AdminOptions options;
  options.data = (data / "admin").string();
  const auto store = admin::open_registry(options, clock);
  REQUIRE(store);
  auto hash = coldchain::hash_password(kPassword, 4);
  REQUIRE(hash);
  REQUIRE((*store)->create_user({.user = "test", .address = "local"}, "ops", *std::move(hash),
                                admin::Permission::kAdmin));
}

/// By the admin API. The status of its answer; 0 without one.
int make_gateway(const Coldchain& coldchain) {
  http::Client client{{.port = coldchain.admin_port(), .timeout = 5s}};
  const auto login = client.send(http::Method::kPost, "/api/v1/admin/token", "",
                                 {{"Authorization", "Basic b3BzOmNvcnJlY3QgaG9yc2UgYmF0dGVyeQ=="}});
  if (!login || login->status != 200) return login ? login->status : 0;
  const auto token = nlohmann::json::parse(login->body).at("token").get<std::string>();
  const auto made = client.send(http::Method::kPost, "/api/v1/admin/gateways", "",
                                {{"Authorization", "Bearer " + token}});
  return made ? made->status : 0;
}

}  // namespace

TEST_CASE(
    "a full disk stops the intake and says so; when there is space, all goes on, and is whole") {
  const SmallDisk disk{192};  // what is taken after it was full must fit
  if (!disk.is_there()) {
    WARN("nothing was tested: no small disk here: " << disk.why());
    return;
  }
  Coldchain coldchain{disk.path() / "data"};
  coldchain.register_devices();
  add_operator(coldchain.data());
  coldchain.start();
  REQUIRE(coldchain.wait_ready());
  Load load{4};
  load.set_port(coldchain.ingest_port());
  REQUIRE(wait_until([&] { return load.accepted_so_far() > 500; }));

  disk.fill();
  std::string said;
  const bool is_said = wait_until([&] {
    said = readiness(coldchain);
    return load.told_to_wait() > 0 && said.find("disk is full") != std::string::npos;
  });
  INFO(said << coldchain.log());
  REQUIRE(is_said);
  CHECK(said.find((coldchain.data() / "topics").string()) != std::string::npos);
  CHECK(said.find("free some space") != std::string::npos);
  // Nothing is taken any more, when what room was left is used up.
  CHECK(wait_until([&] { return make_gateway(coldchain) != 201; }));
  std::uint64_t before = 0;
  CHECK(wait_until([&] {
    before = load.accepted_so_far();
    std::this_thread::sleep_for(300ms);
    return load.accepted_so_far() == before;
  }));
  CHECK(coldchain.program().wait(0ms) == std::nullopt);  // it lives

  disk.free();
  REQUIRE(wait_until([&] { return load.accepted_so_far() > before + 500; }));
  load.finish(Load::Last::kAnswered);
  const bool is_well = wait_until([&] { return is_ready(coldchain); });
  INFO("then " << readiness(coldchain) << coldchain.log());
  CHECK(is_well);
  CHECK(wait_until([&] { return make_gateway(coldchain) == 201; }));
  CHECK(coldchain.wait_done());
  CHECK(coldchain.stop() == 0);
  CHECK(coldchain.log().find("the disk takes writes again") != std::string::npos);

  CHECK(load.surprises().empty());
  const DataFacts facts = check_data(coldchain.data(), load.accepted());
  CHECK(facts.faults == std::vector<std::string>{});
  CHECK(facts.entries == facts.records);
  CHECK(facts.records >= load.accepted().size());
  CHECK(facts.rejected == 0);
}
