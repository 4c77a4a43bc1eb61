#include "topologies/parts/state_part.hpp"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include "bora/check.hpp"
#include "topologies/coldchain/state/redis_state.hpp"

namespace bora::parts {

namespace {

using Kind = host::Sample::Kind;

constexpr std::chrono::seconds kAskEvery{2};
constexpr std::chrono::milliseconds kPatience{2'000};

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

class RedisStatePart::Watch {
 public:
  explicit Watch(redis::RedisOptions options)
      : state_(coldchain::connect_redis_state(patient(std::move(options)), stats_)),
        thread_([this] { run(); }) {}
  ~Watch() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  [[nodiscard]] std::optional<std::string> fault() const {
    const std::lock_guard lock(mutex_);
    return fault_;
  }

 private:
  static redis::RedisOptions patient(redis::RedisOptions options) {
    options.connect_timeout = std::min(options.connect_timeout, kPatience);
    options.call_timeout = std::min(options.call_timeout, kPatience);
    return options;
  }

  void run() {
    for (std::unique_lock lock(mutex_); !stopping_;) {
      lock.unlock();
      const auto counted = state_->last_seen().count_devices();  // a moment's work, for any number
      lock.lock();
      fault_ = counted ? std::nullopt : std::optional{std::string(counted.status().message())};
      changed_.wait_for(lock, kAskEvery, [this] { return stopping_; });
    }
  }

  redis::RedisStats stats_;  // of no interest: beside those of the topologies
  const std::unique_ptr<coldchain::SharedState> state_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  std::optional<std::string> fault_ = "the Redis server has not answered yet";
  std::thread thread_;  // last: it uses the others
};

RedisStatePart::RedisStatePart(redis::RedisOptions options) : options_(std::move(options)) {}
RedisStatePart::~RedisStatePart() = default;

Status RedisStatePart::start() {
  watch_ = std::make_unique<Watch>(options_);
  return {};
}

void RedisStatePart::stop(std::chrono::milliseconds) { watch_.reset(); }

std::optional<std::string> RedisStatePart::unready() const { return watch_->fault(); }

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
