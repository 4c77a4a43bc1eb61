#pragma once

#include <chrono>
#include <memory>
#include <string>

#include <nlohmann/json.hpp>

#include "bora/clock.hpp"
#include "connectors/http/client.hpp"
#include "connectors/http/message.hpp"
#include "services/admin/admin_part.hpp"
#include "services/admin/token.hpp"
#include "support/registry_topic.hpp"
#include "support/temporary_directory.hpp"
#include "support/test_certificates.hpp"
#include "topologies/coldchain/bcrypt.hpp"

namespace bora::testing {

/// The admin service over TLS on loopback, with a user of each permission: reader, writer, admin; their
/// password is kPassword. bcrypt at its cheapest.
struct AdminFixture {
  static constexpr const char* kPassword = "long enough";

  TemporaryDirectory directory;
  TestAuthority authority{directory.path(), "test"};
  SystemClock clock;
  RegistryTopic topic;
  admin::AdminOptions options;
  std::unique_ptr<admin::AdminPart> part;

  AdminFixture() {
    const auto files = authority.sign("admin", "IP:127.0.0.1");
    options.data = (directory.path() / "admin").string();
    options.port = 0;
    options.certificate = files.certificate;
    options.key = files.key;
    options.secret_cost = 4;
    options.password_cost = 4;
  }

  /// The error is a message; empty when it runs.
  std::string start() {
    {
      auto store = admin::open_registry(options, clock);
      if (!store) return std::string{store.status().message()};
      const auto hash = coldchain::hash_password(kPassword, options.password_cost);
      using admin::Permission;
      for (const auto permission : {Permission::kRead, Permission::kWrite, Permission::kAdmin})
        if (!(*store)->user(name_of(permission))) {
          const Status made =
              (*store)
                  ->create_user({"test", "local"}, name_of(permission), *hash, permission)
                  .status();
          if (!made) return std::string{made.message()};
        }
    }
    return restart();
  }
  std::string restart() {
    part = std::make_unique<admin::AdminPart>(
        options, [this](std::uint32_t) { return topic.sink(); }, clock);
    const Status started = part->start();
    return std::string{started.message()};
  }
  void stop() {
    part->stop(std::chrono::seconds{5});
    part.reset();
  }

  static std::string name_of(admin::Permission permission) {
    return permission == admin::Permission::kRead    ? "reader"
           : permission == admin::Permission::kWrite ? "writer"
                                                     : "admin";
  }
  [[nodiscard]] std::uint16_t port() const {
    const std::string url = part->url();
    return static_cast<std::uint16_t>(std::stoi(url.substr(url.find(':', 8) + 1)));
  }
  [[nodiscard]] http::Client client() const {
    return http::Client{{.port = port(),
                         .timeout = std::chrono::seconds{10},
                         .tls = http::ClientTls{.ca_file = authority.certificate()}}};
  }
  /// What the service would give this user, without asking it.
  [[nodiscard]] std::string token_of(admin::Permission permission) const {
    const admin::Tokens tokens{*admin::load_or_make_key(options.key_path())};
    return tokens.issue(claims_of(permission));
  }
  [[nodiscard]] admin::Claims claims_of(admin::Permission permission) const {
    const auto now =
        std::chrono::duration_cast<std::chrono::seconds>(clock.wall_now().time_since_epoch());
    // The fixture's users are the first three.
    return {.user = name_of(permission),
            .permission = permission,
            .generation = static_cast<std::uint64_t>(permission) + 1,
            .issued_at = now,
            .expires_at = now + std::chrono::hours{1}};
  }

  /// `token` empty: none is sent. A status of 0: no answer.
  http::Response call(http::Method method, const std::string& path, const std::string& token,
                      const std::string& body = {},
                      const std::string& content_type = "application/json") const {
    http::Client to = client();
    std::vector<http::Header> headers;
    if (!token.empty()) headers.push_back({"Authorization", "Bearer " + token});
    if (!body.empty()) headers.push_back({"Content-Type", content_type});
    auto answer = to.send(method, std::string{admin::kApiPrefix} + path, body, headers);
    if (!answer) return {.status = 0, .body = answer.error().message};
    return *std::move(answer);
  }
};

}  // namespace bora::testing
