#pragma once
// Private: includes librdkafka.

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "bora/status.hpp"
#include "connectors/kafka/conf.hpp"
#include "connectors/kafka/errors.hpp"
#include "connectors/kafka/holders.hpp"
#include "connectors/kafka/kafka_stats.hpp"
#include "connectors/kafka/options.hpp"

namespace bora::kafka {

/// A running librdkafka client, and what it says of itself: log lines, troubles, statistics.
///
///   Result<Conf> conf = make_conf(options, Role::kProducer, presets);
///   rd_kafka_conf_set_dr_msg_cb(conf->get(), on_delivery);   // gets Client* as its opaque
///   auto client = Client::start(Role::kProducer, *std::move(conf), options, this);
///
/// librdkafka calls back with the Client as opaque: Client::from(opaque).user() is who started it.
///
/// Threads: everything from any thread. Log lines come from librdkafka's threads; statistics and errors
/// are taken in by whoever polls the client.
/// Lifetime: the destructor stops librdkafka's threads and may wait for them; a consumer's owner closes
/// it first, see consumer_closer.hpp.
class Client {
 public:
  /// Fails: kInvalid when librdkafka does not take the configuration.
  [[nodiscard]] static Result<std::unique_ptr<Client>> start(Role role, Conf conf,
                                                             const KafkaOptions& options,
                                                             void* user = nullptr);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  [[nodiscard]] rd_kafka_t* get() const noexcept { return handle_; }
  [[nodiscard]] static Client& from(void* opaque) noexcept { return *static_cast<Client*>(opaque); }
  /// Null once forgotten. Only for callbacks that a poll serves.
  [[nodiscard]] void* user() const noexcept { return user_; }
  /// Whoever polls from now on is somebody else.
  void forget_user() noexcept { user_ = nullptr; }

  /// Of a member of a group: it was given its share once. See consumer_closer.hpp.
  void mark_assigned() noexcept { was_assigned_ = true; }
  [[nodiscard]] bool was_assigned() const noexcept { return was_assigned_; }

  /// Of a member of a group: it asked to join and has not heard its share yet. What it commits meanwhile
  /// reaches the broker behind that request, as of a generation that is over: librdkafka then gives up
  /// the whole assignment as lost (2.0.2), so nothing should be.
  [[nodiscard]] bool is_joining() const noexcept {
    return is_joining_.load(std::memory_order_relaxed);
  }

  /// kafka::translate(), with the last trouble as detail when no broker answers.
  [[nodiscard]] Status translate(rd_kafka_resp_err_t code, std::string_view tried) const;
  [[nodiscard]] Status translate(const KafkaError& error, std::string_view tried) const;

  /// What was last heard of TLS, authentication or connections, with what to do; empty when nothing was
  /// since forget_trouble().
  [[nodiscard]] std::string last_trouble() const;
  [[nodiscard]] bool is_in_trouble() const noexcept {
    return has_trouble_.load(std::memory_order_relaxed);
  }
  /// The brokers answer again. Cheap when there is no trouble.
  void forget_trouble() noexcept;

  /// Hands out no more log lines. None is on its way to who started the client once this returned.
  void silence();

  /// The error after which the client can do no more; success while there is none.
  [[nodiscard]] Status fatal(std::string_view tried) const;

  /// The newest statistics; all zero before the first came. Parses them, on the caller's thread.
  [[nodiscard]] KafkaStats stats() const;

 private:
  Client(const KafkaOptions& options, void* user) : on_log_(options.on_log), user_(user) {}

  static void on_log(const rd_kafka_t* handle, int level, const char* facility, const char* text);
  static void on_error(rd_kafka_t* handle, int code, const char* reason, void* opaque);
  static int on_stats(rd_kafka_t* handle, char* json, std::size_t bytes, void* opaque);
  static rd_kafka_resp_err_t on_new(rd_kafka_t* handle, const rd_kafka_conf_t* conf, void* opaque,
                                    char* why, std::size_t size);
  static rd_kafka_resp_err_t on_request(rd_kafka_t* handle, int socket, const char* broker,
                                        std::int32_t broker_id, std::int16_t api,
                                        std::int16_t version, std::int32_t correlation,
                                        std::size_t size, void* opaque);
  static rd_kafka_resp_err_t on_response(rd_kafka_t* handle, int socket, const char* broker,
                                         std::int32_t broker_id, std::int16_t api,
                                         std::int16_t version, std::int32_t correlation,
                                         std::size_t size, std::int64_t round_trip,
                                         rd_kafka_resp_err_t error, void* opaque);
  void remember(std::string trouble, std::uint8_t weight);

  std::mutex log_mutex_;
  std::function<void(int, std::string_view)> on_log_;  // guarded by log_mutex_
  void* user_;                                         // of the thread that polls
  bool was_assigned_ = false;                          // of the thread that polls
  // Written by librdkafka's threads; a hint that orders nothing.
  std::atomic<bool> is_joining_{false};
  rd_kafka_t* handle_ = nullptr;

  mutable std::mutex mutex_;
  std::string trouble_;                   // guarded by mutex_
  std::uint8_t trouble_weight_ = 0;       // guarded by mutex_
  std::atomic<bool> has_trouble_{false};  // hint for forget_trouble(); orders nothing
  mutable std::string stats_json_;        // guarded by mutex_; empty once parsed
  mutable KafkaStats stats_;              // guarded by mutex_
};

}  // namespace bora::kafka
