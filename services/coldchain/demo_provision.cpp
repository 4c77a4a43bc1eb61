#include "services/coldchain/demo_provision.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "connectors/http/client.hpp"
#include "services/admin/base64url.hpp"
#include "services/admin/random.hpp"
#include "services/admin/registry_store.hpp"
#include "topologies/coldchain/bcrypt.hpp"

namespace bora::demo {

namespace {

using http::Method;
using nlohmann::json;

const std::string kApi = "/api/v1/admin";
constexpr std::chrono::seconds kTimeout{60};  // a call that is made again may create twice

/// As RFC 7617 has it.
std::string basic(const AdminLogin& login) {
  std::string text = admin::encode_base64url(login.user + ":" + login.password);
  std::replace(text.begin(), text.end(), '-', '+');
  std::replace(text.begin(), text.end(), '_', '/');
  while (text.size() % 4 != 0)
    text += '=';
  return "Basic " + text;
}

/// The admin API, for one user.
class Api {
 public:
  explicit Api(std::uint16_t port) : client_({.port = port, .timeout = kTimeout}) {}

  Status log_in(const AdminLogin& login) {
    authorization_ = basic(login);
    auto answer = call(Method::kPost, "/token");
    if (!answer) return answer.status();
    authorization_ = "Bearer " + answer->value("token", "");
    return {};
  }

  /// What it answered, when it did as it was told.
  Result<json> call(Method method, const std::string& path, const json& body = nullptr) {
    std::vector<http::Header> headers{{"Authorization", authorization_}};
    if (!body.is_null()) headers.push_back({"Content-Type", "application/json"});
    const auto answer =
        client_.send(method, kApi + path, body.is_null() ? "" : body.dump(), headers);
    if (!answer) return answer.status();
    if (answer->status >= 300)
      return Error{answer->status >= 500 ? ErrorKind::kUnavailable : ErrorKind::kInvalid,
                   "the admin API answered " + std::to_string(answer->status) + " to " + path +
                       ": " + answer->body};
    json read = json::parse(answer->body, nullptr, /*allow_exceptions=*/false);
    return read.is_discarded() ? json::object() : read;
  }

  Status create(CastGateway& gateway) {
    const auto made = call(Method::kPost, "/gateways");
    if (!made) return made.status();
    gateway.id = coldchain::GatewayId{made->value("id", std::uint64_t{0})};
    gateway.secret = coldchain::GatewaySecret{made->value("auth", "")};
    return {};
  }

  Status create(CastDevice& device) {
    const auto made = call(Method::kPost, "/devices");
    if (!made) return made.status();
    const std::string digits = made->value("auth", "");
    std::uint64_t secret = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), secret);
    device.secret = coldchain::DeviceSecret{secret};
    device.id = coldchain::DeviceId{made->value("id", std::uint64_t{0})};
    const std::string path = "/devices/" + coldchain::record_key(device.id);
    Status done = call(Method::kPut, path + "/config", device.config).status();
    if (done && device.role != Role::kInactive)
      done = call(Method::kPut, path + "/state", {{"state", true}}).status();
    if (done && device.role == Role::kDeleted) done = call(Method::kDelete, path).status();
    return done;
  }

 private:
  http::Client client_;
  std::string authorization_;
};

}  // namespace

Result<AdminLogin> make_administrator(const admin::AdminOptions& options, const Clock& clock) {
  AdminLogin login;
  login.password = admin::random_gateway_secret();
  auto hash = coldchain::hash_password(login.password, options.password_cost);
  if (!hash) return hash.status();
  const auto store = admin::open_registry(options, clock);
  if (!store) return store.status();
  const auto made = (*store)->create_user({.user = "console", .address = "local"}, login.user,
                                          *std::move(hash), admin::Permission::kAdmin);
  if (!made) return made.status();
  return login;
}

Status provision(const AdminLogin& login, Cast& cast,
                 const std::function<bool(std::size_t done)>& go_on) {
  Api api{login.port};
  if (Status in = api.log_in(login); !in) return in;
  for (CastGateway& gateway : cast.gateways)
    if (Status made = api.create(gateway); !made) return made;
  std::size_t done = 0;
  for (CastDevice& device : cast.devices) {
    if (Status made = api.create(device); !made) return made;
    if (!go_on(++done)) return {ErrorKind::kClosed, "stopped while devices were registered"};
  }
  return {};
}

}  // namespace bora::demo
