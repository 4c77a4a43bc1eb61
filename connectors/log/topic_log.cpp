#include "connectors/log/topic_log.hpp"

#include <future>
#include <mutex>
#include <string>
#include <utility>

#include "connectors/log/compaction.hpp"
#include "connectors/log/partition_reader.hpp"
#include "connectors/log/retention.hpp"
#include "connectors/log/topic_log_core.hpp"

namespace bora::log {

TopicLog::TopicLog(std::unique_ptr<TopicLogCore> core) : core_(std::move(core)) {}

TopicLog::~TopicLog() {
  BORA_CHECK(core_->open_sources() == 0, "topic log destroyed before its sources were closed");
  close();
}

Result<std::unique_ptr<TopicLog>> TopicLog::open(LogOptions options, const Clock& clock) {
  auto core = TopicLogCore::open(std::move(options), clock);
  if (!core) return core.status();
  return std::unique_ptr<TopicLog>(new TopicLog(std::move(*core)));
}

Status TopicLog::create_topic(std::string_view name, const TopicOptions& options) {
  return core_->create_topic(name, options);
}

Result<std::vector<RecordPlace>> TopicLog::append(std::string_view topic,
                                                  std::span<const Record> records) {
  AppendBatch batch = new_batch();
  if (Status added = core_->add(batch, topic, records); !added) return added;
  std::promise<AppendOutcome> promise;
  std::future<AppendOutcome> outcome = promise.get_future();
  const Status queued =
      submit(std::move(batch), [&](AppendOutcome done) { promise.set_value(std::move(done)); });
  if (!queued) return queued;
  AppendOutcome done = outcome.get();
  if (!done.status) return done.status;
  return std::move(done.places);
}

AppendBatch TopicLog::new_batch() { return core_->new_batch(); }

Status TopicLog::add(AppendBatch& batch, std::string_view topic, const Record& record) {
  return core_->add(batch, topic, {&record, 1});
}

Status TopicLog::submit(AppendBatch batch, AppendDone done) {
  if (!batch.empty()) return core_->writer().submit(std::move(batch), std::move(done));
  done({});
  return {};
}

Result<std::size_t> TopicLog::read(std::string_view topic, std::uint32_t partition,
                                   std::int64_t offset, std::size_t max,
                                   std::vector<SourceRecord>& out) const {
  const Topic* found = core_->find_topic(topic);
  if (found == nullptr || partition >= found->partitions())
    return Error{ErrorKind::kNotFound, "could not read topic " + std::string{topic} +
                                           " partition " + std::to_string(partition) +
                                           ": there is none"};
  PartitionReader reader{core_->store(), found->partition(partition), offset};
  return reader.read(max, /*epoch=*/0, out);
}

Result<std::uint64_t> TopicLog::enforce_retention(WallTime now) {
  const std::lock_guard one_at_a_time{core_->retention_mutex()};
  std::uint64_t removed = 0;
  for (Topic* topic : core_->topics()) {
    const TopicOptions options = topic->options();
    for (std::uint32_t p = 0; p < topic->partitions(); ++p) {
      Partition& partition = topic->partition(p);
      const Result<std::uint64_t> gone =
          options.cleanup == Cleanup::kCompact
              ? compact(core_->store(), partition, options, now)
              : log::enforce_retention(core_->store(), partition, options, now);
      if (!gone) return gone.status();
      removed += *gone;
    }
  }
  return removed;
}

LogStats TopicLog::stats() const { return core_->stats(); }

std::string TopicLog::failure() const { return core_->store().failure(); }

Status TopicLog::probe() { return core_->store().probe(); }

void TopicLog::close() { core_->writer().close(); }

}  // namespace bora::log
