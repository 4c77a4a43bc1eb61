#include "services/admin/admin_part.hpp"

#include <system_error>
#include <utility>

#include "services/admin/audit_log.hpp"
#include "services/admin/token.hpp"

namespace bora::admin {

namespace {

using Kind = host::Sample::Kind;

// A topic that cannot be reached by then does not keep the service from starting: changes wait.
constexpr std::chrono::milliseconds kMendAtStart{5'000};

host::Sample sample(std::string name, std::string help, Kind kind, std::uint64_t value) {
  return {.name = std::move(name),
          .help = std::move(help),
          .kind = kind,
          .value = static_cast<double>(value)};
}

RateLimitOptions per_minute(std::uint32_t count) {
  return {.burst = count, .each = std::chrono::milliseconds{60'000 / count}};
}

}  // namespace

Result<std::unique_ptr<RegistryStore>> open_registry(const AdminOptions& options,
                                                     const Clock& clock) {
  namespace fs = std::filesystem;
  std::error_code code;
  if (fs::create_directories(options.data, code))
    fs::permissions(options.data, fs::perms::owner_all, code);
  if (code)
    return Error{ErrorKind::kUnavailable,
                 "could not make the directory " + options.data + ": " + code.message()};
  return RegistryStore::open(options.registry_path(), clock);
}

AdminPart::AdminPart(AdminOptions options,
                     std::function<std::unique_ptr<RecordSink>(std::uint32_t task)> make_sink,
                     const Clock& clock)
    : options_(std::move(options)), make_sink_(std::move(make_sink)), clock_(clock) {}

AdminPart::~AdminPart() { stop(std::chrono::milliseconds{0}); }

Status AdminPart::start() {
  auto store = open_registry(options_, clock_);
  if (!store) return store.status();
  store_ = *std::move(store);
  const auto key = load_or_make_key(options_.key_path());
  if (!key) return key.status();
  tokens_ = std::make_unique<Tokens>(*key);
  if (Status s = open_outbox(); !s) return s;
  pool_ = std::make_unique<WorkPool>(options_.hash_threads, options_.max_waiting);
  api_ = std::make_unique<Api>(
      ApiWorld{.store = *store_,
               .outbox = *outbox_,
               .tokens = *tokens_,
               .clock = clock_,
               .options = {.secret_cost = options_.secret_cost,
                           .password_cost = options_.password_cost,
                           .per_user = per_minute(options_.logins_per_minute),
                           .per_address = per_minute(options_.logins_per_minute_of_address)}},
      *pool_);
  return start_server();
}

Status AdminPart::open_outbox() {
  auto audit = AuditLog::open(options_.audit_path());
  if (!audit) return audit.status();
  auto pending = store_->pending();
  if (!pending) return pending.status();
  outbox_ = std::make_unique<Outbox>(
      Outbox::Wiring{.make_sink = [this] { return make_sink_(0); },
                     .audit = *std::move(audit),
                     .forget =
                         [this](std::uint64_t sequence) {
                           store_->forget(sequence).ignore("it happens again at the next start");
                         },
                     .on_event = [this](const std::string&) { ++events_; }},
      OutboxOptions{});
  for (Change& change : *pending)
    outbox_->push(std::move(change));
  store_->on_change([this](Change change) { outbox_->push(std::move(change)); });
  static_cast<void>(outbox_->wait_until_empty(kMendAtStart));
  return {};
}

Status AdminPart::start_server() {
  http::ServerOptions server;
  server.address = options_.address;
  server.port = options_.port;
  if (!options_.certificate.empty())
    server.tls = http::ServerTls{.certificate_file = options_.certificate,
                                 .key_file = options_.key,
                                 .client_ca_file = options_.client_ca};
  server.exposure =
      options_.allow_plaintext ? http::Exposure::kPlaintext : http::Exposure::kLoopback;
  server.threads = options_.threads;
  server.max_body_bytes = options_.max_body_bytes;
  server.max_connections = options_.max_connections;
  server.max_connections_per_address = options_.max_connections_per_address;
  server.request_timeout = options_.request_timeout;
  server.idle_timeout = options_.idle_timeout;
  server.on_event = [this](const std::string&) { ++events_; };
  server_ = std::make_unique<http::Server>(std::move(server));
  api_->add_routes(*server_);
  return server_->start();
}

void AdminPart::stop(std::chrono::milliseconds deadline) {
  if (server_) server_->stop(deadline);
  pool_.reset();  // drops what has not begun
  if (outbox_) static_cast<void>(outbox_->wait_until_empty(deadline));
  outbox_.reset();  // what is left is published at the next start
  store_.reset();
}

std::vector<host::Sample> AdminPart::samples() const {
  if (!server_) return {};
  const ApiStats& api = api_->stats();
  const http::ServerStats http = server_->stats();
  return {
      sample("bora_admin_changes_total", "Changes of the registry.", Kind::kCounter, api.changes),
      sample("bora_admin_logins_total", "Tokens given out.", Kind::kCounter, api.logins),
      sample("bora_admin_unauthorized_total", "Requests without a token that counts.",
             Kind::kCounter, api.unauthorized),
      sample("bora_admin_forbidden_total", "Requests beyond the permission of their user.",
             Kind::kCounter, api.forbidden),
      sample("bora_admin_wrong_secrets_total", "Wrong secrets of users, devices and gateways.",
             Kind::kCounter, api.wrong_secrets),
      sample("bora_admin_rate_limited_total", "Attempts refused after too many wrong secrets.",
             Kind::kCounter, api.rate_limited),
      sample("bora_admin_overloaded_total", "Requests refused as too many wait.", Kind::kCounter,
             api.overloaded),
      sample("bora_admin_failures_total",
             "Failures of the topic, the audit log, a handler, an accept.", Kind::kCounter,
             events_),
      sample("bora_admin_connections", "Open connections.", Kind::kGauge, http.connections_open),
      sample("bora_admin_connections_refused_total", "Connections that were one too many.",
             Kind::kCounter, http.connections_refused),
      sample("bora_admin_http_rejected_total", "Requests that were malformed or over a limit.",
             Kind::kCounter, http.requests_rejected)};
}

std::string AdminPart::url() const {
  return server_ ? server_->url() + std::string{kApiPrefix} : std::string{};
}

}  // namespace bora::admin
