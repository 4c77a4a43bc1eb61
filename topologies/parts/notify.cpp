#include "topologies/parts/notify.hpp"

#include <memory>
#include <string_view>
#include <utility>

#include "bolts/notifier/file_notifier.hpp"
#include "bolts/notifier/webhook.hpp"
#include "connectors/http/url.hpp"

namespace bora::parts {

namespace {

constexpr std::string_view kSms = "sms+";

Result<notify::WebhookOptions> webhook_options(const NotifyOptions& options) {
  std::string_view url = options.url.text();
  notify::WebhookOptions webhook;
  if (url.substr(0, kSms.size()) == kSms) {
    webhook.form = notify::WebhookForm::kSms;
    url.remove_prefix(kSms.size());
  }
  const auto parsed = http::parse_http_url(url);
  if (!parsed) return parsed.status();
  webhook.server.host = parsed->host;
  webhook.server.port = parsed->port;
  webhook.server.timeout = options.timeout;
  webhook.target = parsed->target;
  webhook.in_flight = options.in_flight;
  if (parsed->is_https) {
    webhook.server.tls = http::ClientTls{.ca_file = options.ca_file};
    if (Status usable = http::check(*webhook.server.tls); !usable) return usable;
  }
  if (!options.token.is_empty())
    webhook.headers = {{"Authorization", "Bearer " + options.token.reveal()}};
  return webhook;
}

}  // namespace

NotifyOptions::NotifyOptions() : url(host::Url::parse("log:./data/notifications.jsonl").value()) {}

void NotifyOptions::bind(host::Settings& settings) {
  using namespace std::chrono_literals;
  settings.bind("notify", url, "whom to notify: log:FILE, http(s)://..., sms+http(s)://...",
                {"log", "http", "https", "sms+http", "sms+https"});
  settings.bind("notifier.token", token, "sent as Authorization: Bearer");
  settings.bind("notifier.ca_file", ca_file, "who may sign the server's certificate (PEM)");
  settings.bind("notifier.timeout", timeout, "longest time of one call", {10ms, 20s});
  settings.bind("notifier.in_flight", in_flight,
                "notifications under way at once, and what a crash may repeat", {1, 256});
}

Result<notify::NotifierConnection> make_notifier(const NotifyOptions& options) {
  if (options.url.scheme() == "log") {
    return notify::NotifierConnection{
        [file = notify::FileNotifierOptions{.path = std::string(options.url.rest()),
                                            .batch = options.in_flight}](const Clock& clock,
                                                                         std::uint32_t) {
          return std::make_unique<notify::FileNotifier>(file, clock);
        }};
  }
  auto webhook = webhook_options(options);
  if (!webhook) return webhook.status();
  return notify::NotifierConnection{
      [webhook = *std::move(webhook)](const Clock& clock, std::uint32_t) {
        return std::make_unique<notify::WebhookNotifier>(webhook, clock);
      }};
}

}  // namespace bora::parts
