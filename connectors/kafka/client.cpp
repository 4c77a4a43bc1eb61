#include "connectors/kafka/client.hpp"

#include <array>
#include <utility>

namespace bora::kafka {
namespace {

// A reason that names the cause is not overwritten by "all brokers are down", which follows it.
constexpr std::uint8_t kSaysNoMore = 1;
constexpr std::uint8_t kSaysWhich = 2;
constexpr std::uint8_t kSaysWhatToDo = 3;

// Kafka's numbers of the requests by which a member takes part in a rebalance.
constexpr std::int16_t kJoinGroup = 11;
constexpr std::int16_t kLeaveGroup = 13;
constexpr std::int16_t kSyncGroup = 14;

bool is_about_connections(rd_kafka_resp_err_t code) noexcept {
  switch (code) {
    case RD_KAFKA_RESP_ERR__TRANSPORT:
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
    case RD_KAFKA_RESP_ERR__RESOLVE:
    case RD_KAFKA_RESP_ERR__SSL:
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
    case RD_KAFKA_RESP_ERR__MSG_TIMED_OUT:
    case RD_KAFKA_RESP_ERR__WAIT_COORD: return true;
    default: return false;
  }
}

}  // namespace

Result<std::unique_ptr<Client>> Client::start(Role role, Conf conf, const KafkaOptions& options,
                                              void* user) {
  std::unique_ptr<Client> client{new Client{options, user}};
  rd_kafka_conf_set_opaque(conf.get(), client.get());
  rd_kafka_conf_set_log_cb(conf.get(), &Client::on_log);
  rd_kafka_conf_set_error_cb(conf.get(), &Client::on_error);
  rd_kafka_conf_set_stats_cb(conf.get(), &Client::on_stats);
  if (role == Role::kConsumer)
    rd_kafka_conf_interceptor_add_on_new(conf.get(), "bora", &Client::on_new, client.get());
  std::array<char, 512> why{};
  client->handle_ = rd_kafka_new(role == Role::kConsumer ? RD_KAFKA_CONSUMER : RD_KAFKA_PRODUCER,
                                 conf.get(), why.data(), why.size());
  if (client->handle_ == nullptr) {
    std::string text = "could not start a Kafka client for " + options.brokers + ": " + why.data();
    if (const std::string security = explain_security(why.data()); !security.empty())
      text += "; " + security;
    return Error{ErrorKind::kInvalid, std::move(text)};
  }
  static_cast<void>(conf.release());  // rd_kafka_new() took it
  return Result<std::unique_ptr<Client>>{std::move(client)};
}

Client::~Client() {
  if (handle_ != nullptr) rd_kafka_destroy_flags(handle_, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
}

Status Client::translate(rd_kafka_resp_err_t code, std::string_view tried) const {
  return kafka::translate(code, tried, is_about_connections(code) ? last_trouble() : std::string{});
}

Status Client::translate(const KafkaError& error, std::string_view tried) const {
  const bool adds = error != nullptr && is_about_connections(rd_kafka_error_code(error.get()));
  return kafka::translate(error, tried, adds ? last_trouble() : std::string{});
}

std::string Client::last_trouble() const {
  const std::lock_guard lock{mutex_};
  return trouble_;
}

void Client::forget_trouble() noexcept {
  if (!has_trouble_.load(std::memory_order_relaxed)) return;
  const std::lock_guard lock{mutex_};
  trouble_.clear();
  trouble_weight_ = 0;
  has_trouble_.store(false, std::memory_order_relaxed);
}

void Client::silence() {
  const std::lock_guard lock{log_mutex_};
  on_log_ = nullptr;
}

void Client::remember(std::string trouble, std::uint8_t weight) {
  const std::lock_guard lock{mutex_};
  if (weight < trouble_weight_) return;
  trouble_ = std::move(trouble);
  trouble_weight_ = weight;
  has_trouble_.store(true, std::memory_order_relaxed);
}

Status Client::fatal(std::string_view tried) const {
  std::array<char, 512> reason{};
  const rd_kafka_resp_err_t code = rd_kafka_fatal_error(handle_, reason.data(), reason.size());
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
  return {ErrorKind::kClosed, std::string{kafka::translate(code, tried, reason.data()).message()}};
}

KafkaStats Client::stats() const {
  const std::lock_guard lock{mutex_};
  if (stats_json_.empty()) return stats_;
  if (Result<KafkaStats> parsed = parse_stats(stats_json_)) stats_ = *std::move(parsed);
  stats_json_.clear();
  return stats_;
}

// librdkafka calls those below; nothing may be thrown through it.

void Client::on_log(const rd_kafka_t* handle, int level, const char* facility, const char* text) {
  Client& client = from(rd_kafka_opaque(handle));
  try {
    const std::string line = std::string{facility} + ": " + text;
    if (std::string security = explain_security(line); !security.empty())
      client.remember(std::move(security) + "; last heard: " + text, kSaysWhatToDo);
    const std::lock_guard lock{client.log_mutex_};
    if (client.on_log_) client.on_log_(level, line);
  } catch (
      ...) {  // NOLINT(bugprone-empty-catch): a log line that is lost is all that there is to it
  }
}

void Client::on_error(rd_kafka_t* /*handle*/, int code, const char* reason, void* opaque) {
  const auto error = static_cast<rd_kafka_resp_err_t>(code);
  if (!is_about_connections(error)) return;
  Client& client = from(opaque);
  try {
    if (std::string security = explain_security(reason); !security.empty())
      client.remember(std::move(security) + "; last heard: " + reason, kSaysWhatToDo);
    else
      client.remember(reason,
                      error == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN ? kSaysNoMore : kSaysWhich);
  } catch (...) {  // NOLINT(bugprone-empty-catch): the caller's own error text says enough
  }
}

int Client::on_stats(rd_kafka_t* /*handle*/, char* json, std::size_t bytes, void* opaque) {
  Client& client = from(opaque);
  try {
    const std::lock_guard lock{client.mutex_};
    client.stats_json_.assign(json, bytes);
  } catch (...) {  // NOLINT(bugprone-empty-catch): the next ones come soon
  }
  return 0;
}

rd_kafka_resp_err_t Client::on_new(rd_kafka_t* handle, const rd_kafka_conf_t* /*conf*/,
                                   void* opaque, char* /*why*/, std::size_t /*size*/) {
  const rd_kafka_resp_err_t added =
      rd_kafka_interceptor_add_on_request_sent(handle, "bora", &Client::on_request, opaque);
  if (added != RD_KAFKA_RESP_ERR_NO_ERROR) return added;
  return rd_kafka_interceptor_add_on_response_received(handle, "bora", &Client::on_response,
                                                       opaque);
}

rd_kafka_resp_err_t Client::on_request(rd_kafka_t* /*handle*/, int /*socket*/,
                                       const char* /*broker*/, std::int32_t /*broker_id*/,
                                       std::int16_t api, std::int16_t /*version*/,
                                       std::int32_t /*correlation*/, std::size_t /*size*/,
                                       void* opaque) {
  if (api == kJoinGroup) from(opaque).is_joining_.store(true, std::memory_order_relaxed);
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

rd_kafka_resp_err_t Client::on_response(rd_kafka_t* /*handle*/, int /*socket*/,
                                        const char* /*broker*/, std::int32_t /*broker_id*/,
                                        std::int16_t api, std::int16_t /*version*/,
                                        std::int32_t /*correlation*/, std::size_t /*size*/,
                                        std::int64_t /*round_trip*/, rd_kafka_resp_err_t /*error*/,
                                        void* opaque) {
  // After a join that was refused librdkafka joins again, or leaves.
  if (api == kSyncGroup || api == kLeaveGroup)
    from(opaque).is_joining_.store(false, std::memory_order_relaxed);
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

}  // namespace bora::kafka
