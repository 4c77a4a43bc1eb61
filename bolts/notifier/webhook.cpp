#include "bolts/notifier/webhook.hpp"

#include <condition_variable>
#include <mutex>
#include <utility>

#include <nlohmann/json.hpp>

#include "bolts/notifier/verdict.hpp"
#include "bora/check.hpp"
#include "bora/trace.hpp"
#include "connectors/http/async_client.hpp"

namespace bora::notify {

class WebhookNotifier::Impl {
 public:
  Impl(WebhookOptions options, const Clock& clock)
      : options_(std::move(options)),
        clock_(clock),
        where_(options_.server.host + ':' + std::to_string(options_.server.port) + options_.target),
        breaker_(options_.circuit),
        client_(std::make_unique<http::AsyncClient>(
            http::AsyncClientOptions{.server = options_.server,
                                     .connections = options_.in_flight,
                                     .max_waiting = options_.in_flight})) {}
  // The client first: until it is gone its thread may come to on_answer().
  ~Impl() { client_.reset(); }

  [[nodiscard]] bool has_room() const { return under_way_ < options_.in_flight; }
  Status send(Notification notification, Tag tag);
  std::size_t poll(std::vector<Outcome>& out);
  void flush(std::chrono::milliseconds timeout);
  void on_outcome(std::function<void()> wake) {
    const std::lock_guard lock(mutex_);
    wake_ = std::move(wake);
  }
  [[nodiscard]] std::vector<Gauge> gauges() const {
    return {posted_.as_counter("webhook_posts"), opened_.as_counter("webhook_circuit_openings"),
            open_.as_level("webhook_circuit_open")};
  }

 private:
  struct Answer {
    Tag tag = 0;
    CircuitBreaker::Call call = 0;
    Result<http::Response> response;
  };

  [[nodiscard]] Result<std::string> body_of(Notification& notification) const;
  void on_answer(Answer answer);  // on the client's thread
  Status settle(Answer& answer);
  [[nodiscard]] Error at_rest();

  const WebhookOptions options_;
  const Clock& clock_;
  const std::string where_;
  CircuitBreaker breaker_;
  std::string last_failure_;
  std::size_t under_way_ = 0;  // sent, and not seen by poll()
  OwnedCount posted_;
  OwnedCount opened_;
  OwnedCount open_;
  std::vector<Answer> taken_;  // of poll(); kept for its memory

  std::mutex mutex_;
  std::condition_variable arrived_;
  std::vector<Answer> answers_;  // guarded by mutex_
  std::function<void()> wake_;   // guarded by mutex_
  std::unique_ptr<http::AsyncClient> client_;
};

Result<std::string> WebhookNotifier::Impl::body_of(Notification& notification) const {
  if (options_.form == WebhookForm::kBody) return std::move(notification.body);
  if (notification.phone.empty())
    return Error{ErrorKind::kInvalid,
                 "notification " + notification.key +
                     " has no phone number to send it to: give its device one"};
  using Handler = nlohmann::json::error_handler_t;
  return nlohmann::ordered_json{{"phone", notification.phone}, {"message", notification.text}}.dump(
      -1, ' ', /*ensure_ascii=*/false, Handler::replace);
}

Error WebhookNotifier::Impl::at_rest() {
  return {ErrorKind::kUnavailable,
          "POST " + where_ + " is not tried for now, since it failed: " + last_failure_};
}

Status WebhookNotifier::Impl::send(Notification notification, Tag tag) {
  BORA_CHECK(has_room(), "a notification for a web hook that has no room");
  Result<std::string> body = body_of(notification);
  if (!body) return body.status();
  const auto call = breaker_.admit(clock_.now());
  if (!call) return at_rest();
  http::Call post{.method = http::Method::kPost,
                  .target = options_.target,
                  .body = std::move(body).value(),
                  .headers = {{"Content-Type", "application/json"},
                              {"Idempotency-Key", std::move(notification.key)}}};
  if (!notification.traceparent.empty())
    post.headers.push_back({std::string{kTraceparent}, std::move(notification.traceparent)});
  post.headers.insert(post.headers.end(), options_.headers.begin(), options_.headers.end());
  Status taken =
      client_->send(std::move(post), [this, tag, call = *call](Result<http::Response> response) {
        on_answer({tag, call, std::move(response)});
      });
  if (!taken) {
    breaker_.failed(*call, clock_.now());
    last_failure_ = taken.message();
    return taken;
  }
  posted_.add();
  ++under_way_;
  return taken;
}

void WebhookNotifier::Impl::on_answer(Answer answer) {
  std::function<void()> wake;
  {
    const std::lock_guard lock(mutex_);
    answers_.push_back(std::move(answer));
    wake = wake_;
  }
  arrived_.notify_all();
  if (wake) wake();
}

std::size_t WebhookNotifier::Impl::poll(std::vector<Outcome>& out) {
  taken_.clear();
  {
    const std::lock_guard lock(mutex_);
    taken_.swap(answers_);
  }
  under_way_ -= taken_.size();
  for (Answer& answer : taken_)
    out.push_back({answer.tag, settle(answer)});
  return taken_.size();
}

Status WebhookNotifier::Impl::settle(Answer& answer) {
  const Verdict verdict = judge(answer.response, clock_.wall_now());
  if (verdict.status.is_retryable()) {
    last_failure_ = verdict.status.message();
    const bool was_open = breaker_.is_open();
    breaker_.failed(answer.call, clock_.now(), verdict.retry_after);
    if (breaker_.is_open() && !was_open) opened_.add();
  } else {
    // A refusal, too, comes from a server that works.
    breaker_.succeeded(answer.call);
  }
  open_.set(breaker_.is_open() ? 1 : 0);
  if (verdict.status.is_ok()) return {};
  return {verdict.status.error().kind,
          "POST " + where_ + " failed: " + verdict.status.error().message};
}

void WebhookNotifier::Impl::flush(std::chrono::milliseconds timeout) {
  if (under_way_ == 0 || timeout.count() == 0) return;
  std::unique_lock lock(mutex_);
  arrived_.wait_for(lock, timeout, [this] { return !answers_.empty(); });
}

WebhookNotifier::WebhookNotifier(WebhookOptions options, const Clock& clock)
    : impl_(std::make_unique<Impl>(std::move(options), clock)) {}
WebhookNotifier::~WebhookNotifier() = default;

bool WebhookNotifier::has_room() const { return impl_->has_room(); }
Status WebhookNotifier::send(Notification notification, Tag tag) {
  return impl_->send(std::move(notification), tag);
}
std::size_t WebhookNotifier::poll(std::vector<Outcome>& out) { return impl_->poll(out); }
void WebhookNotifier::flush(std::chrono::milliseconds timeout) { impl_->flush(timeout); }
void WebhookNotifier::on_outcome(std::function<void()> wake) { impl_->on_outcome(std::move(wake)); }
std::vector<Gauge> WebhookNotifier::gauges() const { return impl_->gauges(); }

}  // namespace bora::notify
