#include "connectors/log/topic_log_core.hpp"

#include <algorithm>
#include <utility>

#include "connectors/log/chunk_codec.hpp"

namespace bora::log {
namespace {

constexpr std::size_t kMaxTopicName = 249;  // Kafka's limit
constexpr std::uint32_t kMaxPartitions = 1024;

bool is_topic_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '_' || c == '-';
}

Status check_topic_name(std::string_view name) {
  const bool is_legal = !name.empty() && name.size() <= kMaxTopicName && name != "." &&
                        name != ".." && std::all_of(name.begin(), name.end(), is_topic_character);
  if (is_legal) return {};
  return {ErrorKind::kInvalid, "could not use \"" + std::string{name} +
                                   "\" as the name of a topic: it takes 1 to 249 of the characters "
                                   "a-z A-Z 0-9 . _ -"};
}

Status check_partitions(std::uint32_t partitions, std::string_view what) {
  if (partitions >= 1 && partitions <= kMaxPartitions) return {};
  return {ErrorKind::kInvalid, "could not use " + std::to_string(partitions) + " partitions for " +
                                   std::string{what} + ": give 1 to " +
                                   std::to_string(kMaxPartitions)};
}

Status check_cleanup(const TopicOptions& options, std::string_view name) {
  if (options.cleanup == Cleanup::kRetention) return {};
  if (!options.retention_age && !options.retention_bytes && options.tombstone_delay.count() >= 0)
    return {};
  return {ErrorKind::kInvalid, "could not make topic " + std::string{name} +
                                   ": a compacted topic has no bounds of retention, and a delay "
                                   "for tombstones that is not negative"};
}

}  // namespace

TopicLogCore::TopicLogCore(LogOptions options, const Clock& clock, std::unique_ptr<LogStore> store)
    : options_(std::move(options)), clock_(clock), store_(std::move(store)) {}

Result<std::unique_ptr<TopicLogCore>> TopicLogCore::open(LogOptions options, const Clock& clock) {
  if (Status ok = check_partitions(options.default_partitions, "new topics"); !ok) return ok;
  auto store = LogStore::open(options);
  if (!store) return store.status();
  std::unique_ptr<TopicLogCore> core{
      new TopicLogCore(std::move(options), clock, std::move(*store))};
  if (Status loaded = core->load(); !loaded) return loaded;
  core->writer_ = std::make_unique<GroupWriter>(*core->store_, clock, core->options_.durability,
                                                [it = core.get()] { return it->recover(); });
  core->store_->on_failure([it = core.get()] { it->writer_->poke(); });
  return core;
}

Status TopicLogCore::recover() {
  for (Topic* topic : topics()) {
    for (std::uint32_t p = 0; p < topic->partitions(); ++p) {
      const Result<PartitionBounds> stored = store_->load_bounds(topic->id(), p);
      if (!stored) return stored.status();
      if (!topic->partition(p).recover_end(*stored))
        return {ErrorKind::kCorrupt, "could not open the topic log in " + options_.path.string() +
                                         " again: topic " + topic->name() + " partition " +
                                         std::to_string(p) +
                                         " lost records that were appended; start this process "
                                         "again to go on with what is left"};
    }
    topic->wake_waiters();
  }
  return {};
}

Status TopicLogCore::load() {
  Result<std::vector<StoredTopic>> stored = store_->load_topics();
  if (!stored) return stored.status();
  std::map<std::uint32_t, Topic*> by_id;
  for (const StoredTopic& topic : *stored) {
    std::vector<PartitionBounds> bounds;
    for (std::uint32_t p = 0; p < *topic.options.partitions; ++p) {
      Result<PartitionBounds> found = store_->load_bounds(topic.id, p);
      if (!found) return found.status();
      bounds.push_back(*found);
    }
    auto& slot = topics_[topic.name];
    slot = std::make_unique<Topic>(topic.id, topic.name, topic.options, bounds,
                                   options_.tail_bytes_per_partition);
    by_id[topic.id] = slot.get();
  }
  Result<std::vector<StoredCommit>> commits = store_->load_commits();
  if (!commits) return commits.status();
  for (const StoredCommit& commit : *commits) {
    const auto topic = by_id.find(commit.topic);
    if (topic == by_id.end() || commit.partition >= topic->second->partitions()) continue;
    group_locked(*topic->second, commit.group)
        .restore_committed(commit.partition, commit.next_offset);
  }
  return {};
}

Topic* TopicLogCore::find_topic(std::string_view name) const {
  const std::shared_lock lock{mutex_};
  const auto found = topics_.find(name);
  return found == topics_.end() ? nullptr : found->second.get();
}

Result<Topic*> TopicLogCore::topic(std::string_view name) {
  if (Topic* topic = find_topic(name)) return topic;
  return make_topic(name, {});
}

Status TopicLogCore::create_topic(std::string_view name, const TopicOptions& options) {
  Result<Topic*> topic = make_topic(name, options);
  if (!topic) return topic.status();
  const std::uint32_t partitions = (*topic)->partitions();
  if (options.partitions.value_or(partitions) != partitions)
    return {ErrorKind::kInvalid,
            "could not make topic " + std::string{name} + " with " +
                std::to_string(*options.partitions) + " partitions: it exists with " +
                std::to_string(partitions) +
                ", and changing that would part records of one key; use another name"};
  if (Status ok = check_cleanup(options, name); !ok) return ok;
  TopicOptions wanted = options;
  wanted.partitions = partitions;
  if (Status saved = store_->save_topic({(*topic)->id(), (*topic)->name(), wanted}); !saved)
    return saved;
  (*topic)->set_options(wanted);
  return {};
}

Status TopicLogCore::check_record(const Record& record, const Topic& topic) const {
  if (!record.key && topic.cleanup() == Cleanup::kCompact)
    return {ErrorKind::kInvalid, "could not append a record without a key to topic " +
                                     topic.name() +
                                     ": it keeps the newest record of each key; give it one"};
  return check_size(encoded_bound(record), topic.name());
}

Result<Topic*> TopicLogCore::make_topic(std::string_view name, const TopicOptions& options) {
  if (Status legal = check_topic_name(name); !legal) return legal;
  StoredTopic topic;
  topic.name = std::string{name};
  topic.options = options;
  topic.options.partitions = options.partitions.value_or(options_.default_partitions);
  if (Status ok = check_partitions(*topic.options.partitions, "topic " + topic.name); !ok)
    return ok;
  if (Status ok = check_cleanup(options, name); !ok) return ok;

  const std::unique_lock lock{mutex_};
  auto found = topics_.find(name);
  if (found != topics_.end()) return found->second.get();
  for (const auto& [other_name, other] : topics_)
    topic.id = std::max(topic.id, other->id() + 1);
  if (Status saved = store_->save_topic(topic); !saved) return saved;
  auto made = std::make_unique<Topic>(topic.id, topic.name, topic.options,
                                      std::vector<PartitionBounds>(*topic.options.partitions),
                                      options_.tail_bytes_per_partition);
  return topics_.emplace(topic.name, std::move(made)).first->second.get();
}

ConsumerGroup& TopicLogCore::group(Topic& topic, std::string_view name) {
  const std::unique_lock lock{mutex_};
  return group_locked(topic, name);
}

ConsumerGroup& TopicLogCore::group_locked(Topic& topic, std::string_view name) {
  auto& slot = groups_[{topic.id(), std::string{name}}];
  if (slot == nullptr) slot = std::make_unique<ConsumerGroup>(topic, std::string{name}, *store_);
  return *slot;
}

Status TopicLogCore::check_size(std::size_t bytes, std::string_view topic) const {
  if (bytes <= options_.max_record_bytes) return {};
  return {ErrorKind::kInvalid, "could not append a record of " + std::to_string(bytes) +
                                   " bytes to topic " + std::string{topic} + ": the limit is " +
                                   std::to_string(options_.max_record_bytes)};
}

Status TopicLogCore::take_room(AppendBatch& batch, std::size_t bytes, Room room) const {
  if (room == Room::kGranted) {
    batch.share_.take(bytes);
    return {};
  }
  if (batch.share_.try_take(bytes, options_.max_queued_bytes)) return {};
  return {ErrorKind::kUnavailable,
          "could not append records: " + std::to_string(options_.max_queued_bytes) +
              " bytes wait for the disk already; try again later"};
}

Status TopicLogCore::add(AppendBatch& batch, std::string_view name, std::span<const Record> records,
                         Room room) {
  Topic* topic = batch.topic_;
  if (topic == nullptr || topic->name() != name) {
    Result<Topic*> found = this->topic(name);
    if (!found) return found.status();
    topic = *found;
  }
  std::size_t bytes = 0;
  for (const Record& record : records) {
    if (Status ok = check_record(record, *topic); !ok) return ok;
    bytes += encoded_bound(record);
  }
  if (Status taken = take_room(batch, bytes, room); !taken) return taken;
  for (const Record& record : records)
    encode(batch, *topic, record);
  return {};
}

void TopicLogCore::encode(AppendBatch& batch, Topic& topic, const Record& record) const {
  if (batch.topic_ != &topic) {
    batch.topic_ = &topic;
    batch.keyless_ = nullptr;
  }
  if (!record.key && batch.keyless_ == nullptr) batch.keyless_ = &topic.next_partition();
  Partition* partition = record.key ? &topic.partition_of(*record.key) : batch.keyless_;
  const bool is_timed = record.timestamp != WallTime{};
  const std::size_t before = batch.encoded_.size();
  encode_record(record, is_timed ? record.timestamp : clock_.wall_now(), batch.encoded_);
  batch.entries_.push_back({partition, batch.encoded_.size() - before});
}

std::vector<Topic*> TopicLogCore::topics() const {
  const std::shared_lock lock{mutex_};
  std::vector<Topic*> all;
  for (const auto& [name, topic] : topics_)
    all.push_back(topic.get());
  return all;
}

LogStats TopicLogCore::stats() const {
  LogStats stats;
  const std::shared_lock lock{mutex_};
  for (const auto& [name, topic] : topics_) {
    TopicStats& entry = stats.topics.emplace_back();
    entry.topic = name;
    for (std::uint32_t p = 0; p < topic->partitions(); ++p) {
      const PartitionBounds bounds = topic->partition(p).bounds();
      entry.partitions.push_back(
          {bounds.start, bounds.end, bounds.end_position - bounds.start_position});
    }
  }
  for (const auto& [key, group] : groups_) {
    GroupStats& entry = stats.groups.emplace_back();
    entry.group = group->name();
    entry.topic = group->topic().name();
    entry.members = group->members();
    for (std::uint32_t p = 0; p < group->topic().partitions(); ++p) {
      const PartitionBounds bounds = group->topic().partition(p).bounds();
      const std::int64_t next =
          std::clamp(group->committed(p).value_or(bounds.start), bounds.start, bounds.end);
      entry.next_offsets.push_back(next);
      entry.lags.push_back(static_cast<std::uint64_t>(bounds.end - next));
      entry.lag += entry.lags.back();
    }
  }
  stats.queued_bytes = queued_bytes_.load(std::memory_order_relaxed);
  stats.appended_records = writer_->appended_records();
  stats.written_groups = writer_->written_groups();
  stats.failed_groups = writer_->failed_groups();
  return stats;
}

std::uint32_t TopicLogCore::open_sources() const {
  const std::shared_lock lock{mutex_};
  std::uint32_t open = open_tables_.load();
  for (const auto& [key, group] : groups_)
    open += group->members();
  return open;
}

}  // namespace bora::log
