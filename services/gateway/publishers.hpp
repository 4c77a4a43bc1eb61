#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <string>
#include <vector>

#include "bora/record.hpp"
#include "connectors/http/client.hpp"
#include "services/gateway/publisher.hpp"

namespace bora::gateway {

/// The values alone, one line each.
class LinePublisher final : public Publisher {
 public:
  explicit LinePublisher(std::ostream& out) noexcept : out_(out) {}
  Status publish(const SimulatedRecord& record) override;
  Status finish() override;

 private:
  std::ostream& out_;
};

/// Into a topic, keyed by device. Lifetime: the sink outlives it, and is used by nobody else.
class TopicPublisher final : public Publisher {
 public:
  TopicPublisher(RecordSink& sink, std::string topic) : sink_(sink), topic_(std::move(topic)) {}
  Status publish(const SimulatedRecord& record) override;
  /// Fails when one record was not delivered, with the first reason.
  Status finish() override;

 private:
  void collect();

  RecordSink& sink_;
  const std::string topic_;
  std::uint64_t waiting_ = 0;
  Status first_failure_;
  std::vector<RecordSink::Delivery> deliveries_;
};

/// To an ingest endpoint, one record per request, so that each has an answer of its own: 202 means
/// taken; 400 and 413 that the endpoint refused it, which a malformed record expects and no other;
/// 429 and 5xx to try again.
class HttpPublisher final : public Publisher {
 public:
  HttpPublisher(http::ClientOptions options, std::string target)
      : client_(std::move(options)), target_(std::move(target)) {}
  Status publish(const SimulatedRecord& record) override;
  Status finish() override { return {}; }

  /// Refused by the endpoint: they never reach the topic's dead letters.
  [[nodiscard]] std::uint64_t refused() const noexcept { return refused_; }

 private:
  http::Client client_;
  const std::string target_;
  std::uint64_t refused_ = 0;
};

}  // namespace bora::gateway
