#include <filesystem>
#include <system_error>
#include <utility>

#include "services/gateway/gateway_parts.hpp"
#include "services/gateway/http_input.hpp"

namespace bora::gateway {

Result<std::unique_ptr<Outbox>> open_outbox(const GatewayOptions& options,
                                            sqlite::DatabaseOptions::Durability durability) {
  const std::filesystem::path path{options.outbox};
  std::error_code failed;  // what could not be made cannot be opened either, with a better text
  if (path.has_parent_path() && std::filesystem::create_directories(path.parent_path(), failed))
    std::filesystem::permissions(path.parent_path(), std::filesystem::perms::owner_all, failed);
  return Outbox::open({.path = path, .max_bytes = options.max_bytes, .durability = durability});
}

InputPart::InputPart(GatewayOptions options, const Clock& clock)
    : options_(std::move(options)), clock_(clock), traces_(clock) {}
InputPart::~InputPart() = default;

Status InputPart::start() {
  auto outbox = open_outbox(options_, sqlite::DatabaseOptions::Durability::kFull);
  if (!outbox) return outbox.status();
  writer_ = std::make_unique<OutboxWriter>(*std::move(outbox),
                                           OutboxWriter::Options{.topic = options_.topic}, clock_);
  if (!options_.socket.empty())
    if (Status started = start_socket(); !started) return started;
  return options_.http_address.empty() ? Status{} : start_http();
}

Status InputPart::start_socket() {
  socket_ = std::make_unique<SocketInput>(
      SocketInput::Options{.path = options_.socket}, [this](std::vector<std::string> messages) {
        const InputTraces::Accepted accepted = traces_.begin(std::nullopt);
        Status stored = writer_->store(std::move(messages), accepted.traceparent());
        traces_.end(accepted, stored);
        return stored;
      });
  return socket_->start();
}

Status InputPart::start_http() {
  server_ = std::make_unique<http::Server>(
      http::ServerOptions{.address = options_.http_address, .port = options_.http_port});
  server_->route_async(
      http::Method::kPost, "/v1/messages",
      [this](const http::Request& request, http::Responder responder) {
        // Shared, as std::function wants what can be copied; it is answered once.
        auto shared = std::make_shared<http::Responder>(std::move(responder));
        take_request(
            request,
            [this](std::vector<std::string> messages, std::optional<TraceContext> trace,
                   OutboxWriter::Done done) {
              const InputTraces::Accepted accepted = traces_.begin(trace);
              return writer_->submit(
                  std::move(messages),
                  [this, accepted, done = std::move(done)](Status stored) {
                    traces_.end(accepted, stored);
                    done(std::move(stored));
                  },
                  accepted.traceparent());
            },
            [shared](http::Response response) { std::move(*shared).answer(std::move(response)); });
      });
  return server_->start();
}

void InputPart::stop(std::chrono::milliseconds deadline) {
  if (server_ != nullptr) server_->stop(deadline);
  if (socket_ != nullptr) socket_->stop();
  if (writer_ != nullptr) writer_->stop();
}

std::vector<host::Sample> InputPart::samples() const {
  if (writer_ == nullptr) return {};
  using Kind = host::Sample::Kind;
  return {{.name = "gateway_input_messages_total",
           .help = "Messages that were made durable.",
           .kind = Kind::kCounter,
           .value = static_cast<double>(writer_->stored())},
          {.name = "gateway_input_commits_total",
           .help = "Commits that made them durable.",
           .kind = Kind::kCounter,
           .value = static_cast<double>(writer_->commits())}};
}

std::string InputPart::url() const {
  return server_ != nullptr ? server_->url() : "unix:" + options_.socket;
}

}  // namespace bora::gateway
