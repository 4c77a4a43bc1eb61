#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "bolts/notifier/circuit_breaker.hpp"
#include "bolts/notifier/notifier.hpp"
#include "connectors/http/client.hpp"

namespace bora::notify {

/// What is posted.
enum class WebhookForm : std::uint8_t {
  kBody,  ///< Notification::body as it is.
  kSms,  ///< {"phone": ..., "message": ...} of `phone` and `text`; without a phone it cannot be sent.
};

struct WebhookOptions {
  /// The server; its timeout is that of one call as a whole.
  http::ClientOptions server = {};
  std::string target = "/";
  WebhookForm form = WebhookForm::kBody;
  /// Sent beside Content-Type and Idempotency-Key, such as Authorization.
  std::vector<http::Header> headers = {};
  /// Calls under way at once, each on a connection of its own that is kept open. More: a burst is told
  /// sooner, and a server that is slow gets more to do.
  std::size_t in_flight = 8;
  CircuitOptions circuit = {};
};

/// Posts notifications to an HTTP server, several at a time, each with its key as `Idempotency-Key` and,
/// when its message is traced, its `traceparent`.
/// What each answer leads to is the table in README.md. While the server is down, or has asked with
/// Retry-After to be left alone, nothing is sent but a trial from time to time.
///
/// Threads: single-owner; calls run on a thread of its own.
/// Lifetime: what is under way when it dies has no outcome.
class WebhookNotifier final : public Notifier {
 public:
  /// `clock` outlives the notifier.
  WebhookNotifier(WebhookOptions options, const Clock& clock);
  ~WebhookNotifier() override;

  [[nodiscard]] bool has_room() const override;
  Status send(Notification notification, Tag tag) override;
  std::size_t poll(std::vector<Outcome>& out) override;
  void flush(std::chrono::milliseconds timeout) override;
  void on_outcome(std::function<void()> wake) override;
  [[nodiscard]] std::vector<Gauge> gauges() const override;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace bora::notify
