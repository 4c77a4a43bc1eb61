#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bora/record.hpp"
#include "connectors/http/client.hpp"
#include "services/coldchain/demo_audit.hpp"
#include "services/gateway/publisher.hpp"
#include "services/gateway/publishers.hpp"

namespace bora::demo {

/// Sends the records of one gateway over HTTP and those of the others into the topic, and tells the audit
/// what the ingest refused. Over HTTP, reports go many to a request and broken records alone: one of them would
/// have the whole request refused.
/// Threads: single-owner. Lifetime: sink and audit outlive it.
class DemoPublisher final : public gateway::Publisher {
 public:
  struct Options {
    std::string topic;
    coldchain::GatewayId over_http{};
    http::ClientOptions ingest;
  };
  DemoPublisher(Options options, RecordSink& sink, Audit& audit);

  Status publish(const gateway::SimulatedRecord& record) override;
  Status finish() override;

  [[nodiscard]] std::uint64_t over_http() const noexcept { return over_http_; }
  [[nodiscard]] std::uint64_t refused_over_http() const noexcept { return refused_; }

 private:
  Status publish_over_http(const gateway::SimulatedRecord& record);
  Status send_batch();
  Status send_broken(const gateway::SimulatedRecord& record);

  const Options options_;
  gateway::TopicPublisher into_topic_;
  http::Client client_;
  Audit& audit_;
  std::string batch_;
  std::uint32_t batched_ = 0;
  std::uint64_t over_http_ = 0;
  std::uint64_t refused_ = 0;
};

}  // namespace bora::demo
