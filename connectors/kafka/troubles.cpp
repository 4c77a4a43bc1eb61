#include "connectors/kafka/troubles.hpp"

#include <algorithm>
#include <utility>

namespace bora::kafka {
namespace {

constexpr std::chrono::minutes kReportEvery{1};
// When statistics are switched off, or rarer than this, silence is believed without them.
constexpr std::chrono::seconds kLongestDoubt{15};

}  // namespace

Status Troubles::to_report(Client& client, Instant now) {
  if (Status fatal = client.fatal(tried_); !fatal) return fatal;
  Status silence = silence_of_brokers(client, now);
  is_silence_ = !silence;
  if (now < not_before_) return {};
  if (trouble_.is_ok()) trouble_ = std::move(silence);
  if (trouble_.is_ok()) return {};
  not_before_ = now + kReportEvery;
  return std::exchange(trouble_, Status{});
}

Status Troubles::silence_of_brokers(Client& client, Instant now) {
  if (!client.is_in_trouble()) {
    silence_.reset();
    return {};
  }
  const KafkaStats stats = client.stats();
  if (!silence_) silence_ = Silence{now, stats.uptime};
  if (stats.uptime == silence_->uptime && now - silence_->since < kLongestDoubt) return {};
  const bool is_up = std::any_of(
      stats.brokers.begin(), stats.brokers.end(),
      [](const BrokerStats& broker) { return broker.state == BrokerStats::State::kUp; });
  if (is_up) {
    client.forget_trouble();
    silence_.reset();
    return {};
  }
  return client.translate(RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, tried_);
}

}  // namespace bora::kafka
