#include "connectors/kafka/kafka_source.hpp"

#include <mutex>
#include <utility>

#include "connectors/kafka/membership.hpp"

namespace bora::kafka {

struct KafkaSource::Shared {
  SourceCounters counters;
  Epochs epochs;  // the source's thread only
  std::mutex mutex;
  const Client* client = nullptr;  // guarded by mutex; null while not open
};

KafkaSource::KafkaSource(KafkaSourceOptions options, const Clock& clock)
    : options_(std::move(options)), clock_(clock), shared_(std::make_unique<Shared>()) {}

KafkaSource::~KafkaSource() { drop(); }

Status KafkaSource::open(AssignmentListener& listener, std::function<void()> wake) {
  const std::string tried =
      "could not open topic '" + options_.topic + "' for group '" + options_.group + "': ";
  if (membership_ != nullptr) return {ErrorKind::kInvalid, tried + "it is open already"};
  if (options_.topic.empty() || options_.group.empty())
    return {ErrorKind::kInvalid, tried + "name the topic and the consumer group"};
  listener_ = &listener;
  wake_ = std::move(wake);
  return join();
}

Status KafkaSource::join() {
  auto joined = Membership::join({.options = &options_,
                                  .clock = &clock_,
                                  .listener = listener_,
                                  .wake = &wake_,
                                  .counters = &shared_->counters,
                                  .epochs = &shared_->epochs});
  if (!joined) return joined.status();
  membership_ = *std::move(joined);
  const std::lock_guard lock{shared_->mutex};
  shared_->client = &membership_->client();
  return {};
}

/// From here on nobody else sees the client.
void KafkaSource::hide_client() {
  const std::lock_guard lock{shared_->mutex};
  shared_->client = nullptr;
}

Status KafkaSource::not_open() const {
  return {ErrorKind::kClosed, "could not use the source of topic " + options_.topic + " in group " +
                                  options_.group + ": it is not open"};
}

Result<std::size_t> KafkaSource::poll(std::size_t max, std::vector<SourceRecord>& out) {
  if (membership_ == nullptr) {
    if (listener_ == nullptr) return not_open();
    // A membership that hung was given up, and the next could not be made then.
    if (Status joined = join(); !joined) return joined;
  }
  if (membership_->is_stuck()) {
    shared_->counters.restarts.fetch_add(1, std::memory_order_relaxed);
    hide_client();
    membership_->abandon();
    membership_.reset();
    if (Status joined = join(); !joined) return joined;
  }
  return membership_->poll(flow_ == Flow::kPaused ? 0 : max, out);
}

void KafkaSource::pause() { flow_ = Flow::kPaused; }
void KafkaSource::resume() { flow_ = Flow::kRunning; }

Status KafkaSource::commit(std::span<const CommitRequest> requests) {
  return membership_ == nullptr ? not_open() : membership_->commit(requests);
}

Status KafkaSource::rewind() {
  if (membership_ == nullptr) return {};  // the next one begins at the commits
  Status rewound = membership_->rewind();
  // Whatever it is, the records are still there.
  return rewound ? rewound : Status{ErrorKind::kUnavailable, rewound.error().message};
}

std::optional<std::uint64_t> KafkaSource::lag() const {
  return membership_ == nullptr ? std::nullopt : membership_->lag();
}
std::vector<PartitionLag> KafkaSource::partition_lags() const {
  return membership_ == nullptr ? std::vector<PartitionLag>{} : membership_->partition_lags();
}
std::optional<std::chrono::milliseconds> KafkaSource::lag_time() const {
  return membership_ == nullptr ? std::nullopt : membership_->lag_time();
}

bool KafkaSource::is_cut_off() const { return membership_ != nullptr && membership_->is_cut_off(); }

void KafkaSource::close() {
  if (membership_ != nullptr) {
    hide_client();
    membership_->leave();
  }
  drop();
}

void KafkaSource::drop() {
  hide_client();
  membership_.reset();
  listener_ = nullptr;
  flow_ = Flow::kRunning;
}

KafkaSource::Counters KafkaSource::counters() const noexcept {
  const SourceCounters& counted = shared_->counters;
  const auto value = [](const std::atomic<std::uint64_t>& counter) {
    return counter.load(std::memory_order_relaxed);
  };
  return {.skipped_records = value(counted.skipped_records),
          .dropped_records = value(counted.dropped_records),
          .late_commits = value(counted.late_commits),
          .lost_partitions = value(counted.lost_partitions),
          .rewinds = value(counted.rewinds),
          .restarts = value(counted.restarts)};
}

KafkaStats KafkaSource::stats() const {
  const std::lock_guard lock{shared_->mutex};
  return shared_->client == nullptr ? KafkaStats{} : shared_->client->stats();
}

}  // namespace bora::kafka
