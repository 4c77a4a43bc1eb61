#include "services/admin/admin_part.hpp"

namespace bora::admin {

using namespace std::chrono_literals;

void AdminOptions::bind(host::Settings& settings) {
  settings.bind("admin.data", data, "directory of the registry, the key of tokens, the audit log");
  settings.bind("admin.address", address, "numeric address of the admin API");
  settings.bind("admin.port", port, "its port; 0 is any free one");
  settings.bind("admin.certificate", certificate,
                "PEM file with the server's certificate and those that signed it; empty: no TLS");
  settings.bind("admin.key", key, "PEM file with its key");
  settings.bind(
      "admin.client_ca", client_ca,
      "PEM file of the authority that signs clients' certificates; empty: they need none");
  settings.bind("admin.allow_plaintext", allow_plaintext,
                "whether it may listen beyond loopback without TLS: passwords cross the network");
  settings.bind("admin.threads", threads, "threads that read requests and check tokens", {1, 64});
  settings.bind("admin.hash_threads", hash_threads, "threads that hash passwords and write",
                {1, 64});
  settings.bind("admin.max_waiting", max_waiting,
                "requests that may wait for those; one more is answered 503", {1, 100'000});
  settings.bind_bytes("admin.max_body_bytes", max_body_bytes,
                      "largest body of a request; larger ones are answered 413",
                      {1024, std::uint64_t{1} << 20});
  settings.bind("admin.max_connections", max_connections, "open connections at most", {1, 100'000});
  settings.bind("admin.max_connections_per_address", max_connections_per_address,
                "open connections of one address at most", {1, 100'000});
  settings.bind("admin.request_timeout", request_timeout,
                "what a request, or a TLS handshake, may take to arrive", {100ms, 600s});
  settings.bind("admin.idle_timeout", idle_timeout, "how long a connection may be silent",
                {100ms, 3600s});
  settings.bind("admin.secret_cost", secret_cost,
                "bcrypt's cost for secrets of devices and gateways; one more doubles the time",
                {4, 16});
  settings.bind("admin.password_cost", password_cost, "bcrypt's cost for passwords of users",
                {4, 16});
  settings.bind("admin.logins_per_minute", logins_per_minute,
                "wrong passwords a minute for one user, device or gateway", {1, 60'000});
  settings.bind("admin.logins_per_minute_of_address", logins_per_minute_of_address,
                "wrong passwords a minute from one address", {1, 60'000});
}

std::filesystem::path AdminOptions::registry_path() const {
  return std::filesystem::path{data} / "registry";
}
std::filesystem::path AdminOptions::key_path() const {
  return std::filesystem::path{data} / "token.key";
}
std::filesystem::path AdminOptions::audit_path() const {
  return std::filesystem::path{data} / "audit.jsonl";
}

}  // namespace bora::admin
