#include "connectors/timeseries/endpoint.hpp"

#include <algorithm>
#include <utility>

#include "connectors/timeseries/gzip.hpp"

namespace bora::timeseries {
namespace {

http::ClientOptions client_options(const EndpointOptions& options) {
  http::ClientOptions client;
  client.host = options.url.host;
  client.port = options.url.port;
  client.timeout = options.timeout;
  client.max_response_bytes = options.max_answer_bytes;
  if (options.url.is_https) client.tls = http::ClientTls{};
  return client;
}

std::string_view mend_of(int status) noexcept {
  switch (status) {
    case 401:
    case 403: return "give it an authorization that may do this";
    case 404: return "check the path of its URL";
    case 429: return "it is asked too often: it is asked again later";
    default:
      return status >= 500 ? "see to the server; it is asked again later"
                           : "check its URL and version";
  }
}

/// One batch on its way.
class Batch {
 public:
  Batch(std::size_t most, const Send& send) : most_(most), send_(send) {}

  Status deliver(std::size_t begin, std::size_t end) {
    if (begin == end) return {};
    if (end - begin > most_) {
      const std::size_t middle = begin + most_;
      if (Status first = deliver(begin, middle); !first) return first;
      return deliver(middle, end);
    }
    Delivery delivery = send_(begin, end);
    switch (delivery.outcome) {
      case Delivery::Outcome::kTaken: has_taken_ = true; return {};
      case Delivery::Outcome::kFailed: return std::move(delivery.status);
      case Delivery::Outcome::kTooLarge:
        if (end - begin > 1) return halve(begin, end);
        break;
      case Delivery::Outcome::kRefused:
        if (!delivery.named.empty()) return around(begin, end, std::move(delivery.named));
        if (end - begin > 1) return blind(begin, end, delivery.reason);
        break;
    }
    refused_.push_back({begin, std::move(delivery.reason)});
    return {};
  }

  [[nodiscard]] std::vector<Refused> take_refused() && {
    std::sort(refused_.begin(), refused_.end(),
              [](const Refused& a, const Refused& b) { return a.index < b.index; });
    return std::move(refused_);
  }

 private:
  static constexpr int kMostBlindRefusals = 24;

  Status halve(std::size_t begin, std::size_t end) {
    const std::size_t middle = begin + (end - begin) / 2;
    if (Status first = deliver(begin, middle); !first) return first;
    return deliver(middle, end);
  }
  Status blind(std::size_t begin, std::size_t end, const std::string& reason) {
    if (!has_taken_ && ++blind_refusals_ > kMostBlindRefusals)
      return {ErrorKind::kUnavailable, reason};
    return halve(begin, end);
  }
  /// The store named whom it refuses; what became of their neighbours it does not say.
  Status around(std::size_t begin, std::size_t end, std::vector<Refused> named) {
    std::sort(named.begin(), named.end(),
              [](const Refused& a, const Refused& b) { return a.index < b.index; });
    for (Refused& bad : named) {
      if (bad.index < begin || bad.index >= end) continue;  // named twice, or not ours
      if (Status good = deliver(begin, bad.index); !good) return good;
      begin = bad.index + 1;
      refused_.push_back(std::move(bad));
    }
    return deliver(begin, end);
  }

  const std::size_t most_;
  const Send& send_;
  std::vector<Refused> refused_;
  bool has_taken_ = false;
  int blind_refusals_ = 0;
};

}  // namespace

namespace {

constexpr int kAttempts = 3;

/// That the server failed at this request, which says little of the next. One that is down or has too
/// much to do says 503 or 429, and is left alone.
bool is_hiccup(int status) { return status == 500 || status == 502 || status == 504; }

}  // namespace

Endpoint::Endpoint(EndpointOptions options)
    : options_(std::move(options)), client_(client_options(options_)) {}

Result<Endpoint::Answer> Endpoint::send(http::Method method, const std::string& target,
                                        std::string body, std::vector<http::Header> headers) {
  if (!options_.authorization.empty()) headers.push_back({"Authorization", options_.authorization});
  auto response = client_.send(method, target, std::move(body), headers);
  if (!response) return response.status();
  return Answer{response->status, std::move(response->body)};
}

Result<Endpoint::Answer> Endpoint::write(const std::string& target, std::string body,
                                         std::string_view content_type) {
  std::vector<http::Header> headers{{"Content-Type", std::string{content_type}}};
  if (options_.encoding == EndpointOptions::Encoding::kGzip) {
    body = gzip(body);
    headers.push_back({"Content-Encoding", "gzip"});
  }
  auto answer = send(http::Method::kPost, target, body, headers);
  for (int again = 1; again < kAttempts && answer && is_hiccup(answer->status); ++again)
    answer = send(http::Method::kPost, target, body, headers);
  return answer;
}

Result<Endpoint::Answer> Endpoint::ask(const std::string& target, std::string json) {
  return send(http::Method::kPost, target, std::move(json), {{"Content-Type", "application/json"}});
}

Result<Endpoint::Answer> Endpoint::get(const std::string& target) {
  return send(http::Method::kGet, target, {}, {});
}

Error Endpoint::unexpected(std::string_view store, std::string_view tried,
                           const Answer& answer) const {
  constexpr std::size_t kMostText = 300;
  std::string text = std::string{store} + " on " + options_.url.host + ":" +
                     std::to_string(options_.url.port) + " answered " +
                     std::to_string(answer.status) + " to " + std::string{tried};
  if (!answer.body.empty()) text += ": " + answer.body.substr(0, kMostText);
  return {ErrorKind::kUnavailable, text + "; " + std::string{mend_of(answer.status)}};
}

Result<std::vector<Refused>> deliver(std::size_t samples, std::size_t most, const Send& send) {
  Batch batch{std::max<std::size_t>(1, most), send};
  if (Status delivered = batch.deliver(0, samples); !delivered) return delivered;
  return std::move(batch).take_refused();
}

}  // namespace bora::timeseries
