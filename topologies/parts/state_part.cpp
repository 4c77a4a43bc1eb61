#include "topologies/parts/state_part.hpp"

#include <string>
#include <utility>

#include "bora/check.hpp"
#include "topologies/coldchain/state/redis_state.hpp"

namespace bora::parts {

namespace {

using Kind = host::Sample::Kind;

host::Sample sample(std::string name, std::string help, Kind kind, std::uint64_t value) {
  return {.name = std::move(name),
          .help = std::move(help),
          .kind = kind,
          .value = static_cast<double>(value)};
}

}  // namespace

Status EmbeddedStatePart::start() {
  auto opened = coldchain::EmbeddedState::open(options_);
  if (!opened) return opened.status();
  state_ = *std::move(opened);
  return {};
}

void EmbeddedStatePart::stop(std::chrono::milliseconds) { state_.reset(); }

std::vector<host::Sample> EmbeddedStatePart::samples() const {
  if (state_ == nullptr) return {};
  const auto stats = state_->stats();
  return {sample("state_devices", "Devices that were heard.", Kind::kGauge, stats.devices),
          sample("state_silences", "Silences that are remembered.", Kind::kGauge, stats.silences),
          sample("state_batches_total", "Batches written.", Kind::kCounter, stats.batches)};
}

StatePart::Connect EmbeddedStatePart::connections() {
  return [this] {
    BORA_CHECK(state_ != nullptr, "the state is used before it was opened");
    return state_->connect();
  };
}

std::vector<host::Sample> RedisStatePart::samples() const {
  return {
      sample("redis_batches_total", "Batches answered by Redis.", Kind::kCounter,
             stats_.batches.load()),
      sample("redis_commands_total", "Commands in them.", Kind::kCounter, stats_.commands.load()),
      sample("redis_connects_total", "Connections made.", Kind::kCounter, stats_.connects.load()),
      sample("redis_failures_total", "Batches that failed.", Kind::kCounter,
             stats_.failures.load()),
      sample("redis_waited_microseconds_total", "Time spent waiting for answers.", Kind::kCounter,
             stats_.waited_microseconds.load())};
}

StatePart::Connect RedisStatePart::connections() {
  return [this] { return coldchain::connect_redis_state(options_, stats_); };
}

Result<std::unique_ptr<StatePart>> make_state(const host::Url& url) {
  if (url.scheme() == "rocksdb") {
    return std::unique_ptr<StatePart>{std::make_unique<EmbeddedStatePart>(
        coldchain::EmbeddedStateOptions{.path = std::string(url.rest())})};
  }
  auto options = redis::parse_url(url.text());
  if (!options) return options.status();
  return std::unique_ptr<StatePart>{std::make_unique<RedisStatePart>(*std::move(options))};
}

}  // namespace bora::parts
