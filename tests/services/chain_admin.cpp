#include "services/chain_admin.hpp"

#include <csignal>
#include <fstream>
#include <iterator>
#include <utility>

#include "bora/check.hpp"
#include "connectors/http/url.hpp"

namespace bora::services {

using namespace bora::coldchain;
using namespace std::chrono_literals;

namespace {

// "ana:long enough to be one", as HTTP's basic authentication has it.
constexpr const char* kBasic = "Basic YW5hOmxvbmcgZW5vdWdoIHRvIGJlIG9uZQ==";
constexpr const char* kAddAna =
    "echo 'long enough to be one' | \"$0\" user add ana --permission admin \"$@\"";

std::string path_of(const char* kind, std::uint64_t id) {
  return std::string{"/"} + kind + '/' + std::to_string(id);
}

std::string text_of(const std::filesystem::path& path) {
  std::ifstream file{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{file}, {}};
}

}  // namespace

ChainAdmin::ChainAdmin(Chain& chain)
    : authority_(chain.directory(), "test"), directory_(chain.directory()) {
  const auto files = authority_.sign("admin", "IP:127.0.0.1");
  std::vector<std::string> settings = chain.settings_of("admin");
  for (const std::string& more :
       {"admin.data=" + (directory_ / "admin").string(), std::string{"admin.port=0"},
        "admin.certificate=" + files.certificate, "admin.key=" + files.key,
        std::string{"admin.secret_cost=4"}, std::string{"admin.password_cost=4"}})
    settings.push_back(more);
  std::vector<std::string> arguments;
  for (const std::string& setting : settings) {
    arguments.emplace_back("--set");
    arguments.push_back(setting);
  }
  std::vector<std::string> adding{"-c", kAddAna, BORA_ADMIN};
  adding.insert(adding.end(), arguments.begin(), arguments.end());
  e2e::Program add{"/bin/sh", adding, directory_ / "admin.user.log"};
  BORA_CHECK(add.wait(30s).value_or(-1) == 0, add.output());

  arguments.insert(arguments.begin(), "run");
  program_ = std::make_unique<e2e::Program>(BORA_ADMIN, arguments, directory_ / "admin.log");
  BORA_CHECK(program_->wait_for("\"message\":\"ready\"", 60s), program_->output());
  const auto url = http::parse_http_url(program_->text_after("\"service\":\"admin\",\"url\":\""));
  BORA_CHECK(url.is_ok(), program_->output());
  client_ = std::make_unique<http::Client>(
      http::ClientOptions{.port = url->port,
                          .timeout = 90s,  // while the topic is away, an answer takes a minute
                          .tls = http::ClientTls{.ca_file = authority_.certificate()}});
  const auto answer =
      client_->send(http::Method::kPost, "/api/v1/admin/token", "", {{"Authorization", kBasic}});
  BORA_CHECK(answer && answer->status == 200, program_->output());
  token_ = "Bearer " + nlohmann::json::parse(answer->body).at("token").get<std::string>();
}

nlohmann::json ChainAdmin::call(http::Method method, const std::string& path,
                                const nlohmann::json& body) {
  std::vector<http::Header> headers{{"Authorization", token_}};
  if (!body.is_null()) headers.push_back({"Content-Type", "application/json"});
  const auto answer = client_->send(method, "/api/v1/admin" + path,
                                    body.is_null() ? std::string{} : body.dump(), headers);
  BORA_CHECK(answer.is_ok(), path + ": " + std::string{answer.status().message()});
  BORA_CHECK(answer->status < 300, path + ": " + answer->body);
  return nlohmann::json::parse(answer->body, nullptr, false);
}

DeviceIdentity ChainAdmin::make_device() {
  const auto made = call(http::Method::kPost, "/devices", {});
  DeviceIdentity device{DeviceId{made.at("id").get<std::uint64_t>()},
                        DeviceSecret{std::stoull(made.at("auth").get<std::string>())}};
  set_state(device, State::kActive);
  return device;
}

GatewayIdentity ChainAdmin::make_gateway() {
  const auto made = call(http::Method::kPost, "/gateways", {});
  return {GatewayId{made.at("id").get<std::uint64_t>()},
          GatewaySecret{made.at("auth").get<std::string>()}};
}

void ChainAdmin::set_state(const DeviceIdentity& device, State state) {
  call(http::Method::kPut, path_of("devices", to_uint(device.id)) + "/state",
       {{"state", state == State::kActive}});
}

void ChainAdmin::remove(const DeviceIdentity& device) {
  call(http::Method::kDelete, path_of("devices", to_uint(device.id)), {});
}
void ChainAdmin::remove(const GatewayIdentity& gateway) {
  call(http::Method::kDelete, path_of("gateways", to_uint(gateway.id)), {});
}

Cast ChainAdmin::provision(std::size_t devices, std::size_t gateways) {
  Cast cast;
  for (std::size_t i = 0; i < devices; ++i) {
    const DeviceIdentity device = make_device();
    call(http::Method::kPut, path_of("devices", to_uint(device.id)) + "/config", config_of(i));
    if (fault_of(i) == Fault::kInactiveDevice) set_state(device, State::kInactive);
    if (fault_of(i) == Fault::kUnknownDevice) remove(device);
    cast.devices.push_back(device);
  }
  for (std::size_t i = 0; i < gateways; ++i)
    cast.gateways.push_back(make_gateway());
  return cast;
}

int ChainAdmin::stop() {
  program_->signal(SIGTERM);
  return program_->wait(30s).value_or(-1);
}

std::string ChainAdmin::logs() const {
  return text_of(directory_ / "admin.log") + text_of(directory_ / "admin" / "audit.jsonl");
}

}  // namespace bora::services
