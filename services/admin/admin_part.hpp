#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bora/clock.hpp"
#include "bora/record.hpp"
#include "connectors/http/server.hpp"
#include "host/assembly.hpp"
#include "host/settings.hpp"
#include "services/admin/api.hpp"
#include "services/admin/outbox.hpp"
#include "services/admin/registry_store.hpp"
#include "services/admin/work_pool.hpp"

namespace bora::admin {

struct AdminOptions {
  std::string data = "./data-local/admin";  ///< Directory of registry, key of tokens, audit log.
  std::string address = "127.0.0.1";
  std::uint16_t port = 9443;        ///< 0: any free one.
  std::string certificate;          ///< PEM; empty: plain HTTP, on loopback alone.
  std::string key;                  ///< PEM.
  std::string client_ca;            ///< PEM; empty: clients need no certificate.
  bool allow_plaintext = false;     ///< At other addresses, without TLS.
  std::uint32_t threads = 1;        ///< That read requests and check tokens.
  std::uint32_t hash_threads = 2;   ///< That hash and touch the disk: the most cores it takes.
  std::uint32_t max_waiting = 256;  ///< Requests that wait for those; one more is answered 503.
  std::size_t max_body_bytes = std::size_t{64} << 10;
  std::uint32_t max_connections = 1024;
  std::uint32_t max_connections_per_address = 512;
  std::chrono::milliseconds request_timeout{10'000};
  std::chrono::milliseconds idle_timeout{30'000};
  int secret_cost = 10;
  int password_cost = 12;
  std::uint32_t logins_per_minute = 10;             ///< Wrong ones, for a name.
  std::uint32_t logins_per_minute_of_address = 30;  ///< Wrong ones, from an address.

  /// Under `admin.`. Lifetime: outlives `settings`.
  void bind(host::Settings& settings);
  [[nodiscard]] std::filesystem::path registry_path() const;
  [[nodiscard]] std::filesystem::path key_path() const;
  [[nodiscard]] std::filesystem::path audit_path() const;
};

/// Makes the data directory, for its owner alone, and opens the registry in it.
[[nodiscard]] Result<std::unique_ptr<RegistryStore>> open_registry(const AdminOptions& options,
                                                                   const Clock& clock);

/// The admin service as a part of a process: added after the topics. It answers once what an earlier
/// run left open is published.
/// Threads: samples() and url() from any.
class AdminPart final : public host::Service {
 public:
  /// `make_sink` is called in start() and from a thread of the part's own; see TopicsPart::sinks().
  /// `clock` outlives the part.
  AdminPart(AdminOptions options,
            std::function<std::unique_ptr<RecordSink>(std::uint32_t task)> make_sink,
            const Clock& clock);
  ~AdminPart() override;

  [[nodiscard]] std::string_view name() const noexcept override { return "admin"; }
  Status start() override;
  void stop(std::chrono::milliseconds deadline) override;
  [[nodiscard]] std::vector<host::Sample> samples() const override;
  [[nodiscard]] std::string url() const override;

  /// Requires: started.
  [[nodiscard]] const std::vector<Operation>& operations() const { return api_->operations(); }

 private:
  Status open_outbox();
  Status start_server();

  const AdminOptions options_;
  const std::function<std::unique_ptr<RecordSink>(std::uint32_t)> make_sink_;
  const Clock& clock_;
  std::atomic<std::uint64_t> events_{0};
  // In the order of their making; stop() ends them in an order of its own.
  std::unique_ptr<RegistryStore> store_;
  std::unique_ptr<Tokens> tokens_;
  std::unique_ptr<Outbox> outbox_;
  std::unique_ptr<WorkPool> pool_;
  std::unique_ptr<Api> api_;
  std::unique_ptr<http::Server> server_;
};

}  // namespace bora::admin
