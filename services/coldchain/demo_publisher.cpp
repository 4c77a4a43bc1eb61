#include "services/coldchain/demo_publisher.hpp"

#include <chrono>
#include <thread>
#include <utility>

#include <nlohmann/json.hpp>

namespace bora::demo {

namespace {

constexpr const char* kTarget = "/v1/reports";
constexpr const char* kManyReports = "application/x-ndjson";
constexpr std::uint32_t kReportsPerRequest = 64;
constexpr int kLastAttempts = 50;
constexpr std::chrono::milliseconds kLastPause{100};

/// Nothing when the endpoint answered `expected`.
Status check(const http::Response& response, int expected) {
  if (response.status == expected) return {};
  const bool is_busy = response.status == 429 || response.status >= 500;
  return {is_busy ? ErrorKind::kUnavailable : ErrorKind::kInvalid,
          "the ingest answered " + std::to_string(response.status) + ": " + response.body};
}

/// The reason that an answer gives for the first faulty line.
std::string reason_of(const http::Response& response) {
  const auto body = nlohmann::json::parse(response.body, nullptr, /*allow_exceptions=*/false);
  const auto at = nlohmann::json::json_pointer{"/faults/0/reason"};
  return body.is_object() && body.contains(at) ? body.at(at).get<std::string>() : "no reason";
}

}  // namespace

DemoPublisher::DemoPublisher(Options options, RecordSink& sink, Audit& audit)
    : options_(std::move(options)),
      into_topic_(sink, options_.topic),
      client_(options_.ingest),
      audit_(audit) {}

Status DemoPublisher::publish(const gateway::SimulatedRecord& record) {
  return record.gateway_id == options_.over_http ? publish_over_http(record)
                                                 : into_topic_.publish(record);
}

Status DemoPublisher::publish_over_http(const gateway::SimulatedRecord& record) {
  if (record.rejected) return send_broken(record);
  if (batched_ == kReportsPerRequest)
    if (Status sent = send_batch(); !sent) return sent;
  batch_ += record.value;
  batch_ += '\n';
  ++batched_;
  return {};
}

Status DemoPublisher::send_batch() {
  if (batched_ == 0) return {};
  const auto response = client_.post(kTarget, batch_, kManyReports);
  if (!response) return response.status();
  if (Status taken = check(*response, 202); !taken) return taken;
  over_http_ += batched_;
  batched_ = 0;
  batch_.clear();
  return {};
}

Status DemoPublisher::send_broken(const gateway::SimulatedRecord& record) {
  const auto response = client_.post(kTarget, record.value, kManyReports);
  if (!response) return response.status();
  const bool is_too_large = *record.rejected == coldchain::RejectReason::kTooLarge;
  if (Status refused = check(*response, is_too_large ? 413 : 400); !refused) return refused;
  audit_.find(Place::kRefused, reason_of(*response), record.value);
  ++refused_;
  return {};
}

Status DemoPublisher::finish() {
  Status sent = send_batch();
  for (int attempt = 1; sent.is_retryable() && attempt < kLastAttempts; ++attempt) {
    std::this_thread::sleep_for(kLastPause);
    sent = send_batch();
  }
  if (!sent) return sent;
  return into_topic_.finish();
}

}  // namespace bora::demo
