#include "connectors/log/log_store.hpp"

#include <limits>
#include <utility>

#include <rocksdb/convenience.h>

#include "connectors/log/chunk_codec.hpp"
#include "connectors/log/log_keys.hpp"

namespace bora::log {
namespace {

using store::append_u32;
using store::append_u64;
using store::read_u32;
using store::read_u64;

constexpr std::uint64_t kNoBound = std::numeric_limits<std::uint64_t>::max();

store::DatabaseOptions database_options(const LogOptions& options) {
  store::FamilyOptions meta;
  meta.name = std::string{kMetaFamily};
  meta.write_buffer_bytes = 2u << 20;
  store::FamilyOptions chunks;
  chunks.name = std::string{kChunkFamily};
  chunks.write_buffer_bytes = options.write_buffer_bytes;
  // No ascending_prefix_bytes: retention uses DeleteRange, and there is one entry per chunk only.
  store::DatabaseOptions database;
  database.path = options.path;
  database.families = {meta, chunks};
  return database;
}

}  // namespace

LogStore::LogStore(const LogOptions& options, std::unique_ptr<store::Database> database)
    : options_(options), database_(std::move(database)) {}

Result<std::unique_ptr<LogStore>> LogStore::open(const LogOptions& options) {
  auto database = store::Database::open(database_options(options));
  if (!database) return database.status();
  std::unique_ptr<LogStore> log{new LogStore(options, std::move(*database))};
  if (Status format = log->check_format(); !format) return format;
  return log;
}

Status LogStore::reopen() {
  const std::unique_lock alone{mutex_};
  {
    const std::lock_guard lock{iterators_mutex_};
    for (ChunkIterator* iterator : iterators_)
      iterator->iterator_.reset();
  }
  database_.reset();  // before opening: a directory has one owner
  auto database = store::Database::open(database_options(options_));
  if (!database) return database.status();
  database_ = std::move(*database);
  failed_.store(false);
  return {};
}

std::string LogStore::failure() const {
  const std::lock_guard lock{failure_mutex_};
  return failure_;
}

void LogStore::note(const Status& written, bool is_synced) {
  // One that is not synced says little of the disk.
  if (written && (!is_synced || !has_failure_.load())) return;
  const std::lock_guard lock{failure_mutex_};
  failure_ = std::string{written.message()};
  has_failure_.store(!written);
}

Status LogStore::probe() {
  constexpr std::string_view kTried = "write again";
  if (!has_failure_.load()) return {};
  rocksdb::WriteBatch batch;
  if (Status put = translate(batch.Put(kProbeKey, std::string(kChunkBytes, '\0')), kTried); !put)
    return put;
  if (Status out = translate(batch.Delete(kProbeKey), kTried); !out) return out;
  return write(batch, /*is_synced=*/true, kTried);
}

Status LogStore::check_format() {
  std::string stored;
  const rocksdb::Status found =
      (*database_)->Get({}, database_->family(kMetaFamily), kFormatKey, &stored);
  if (found.IsNotFound()) {
    std::string version;
    append_u32(version, kFormatVersion);
    rocksdb::WriteBatch batch;
    if (Status put = translate(batch.Put(kFormatKey, version), "mark the format"); !put) return put;
    return write(batch, /*is_synced=*/true, "mark the format");
  }
  if (!found.ok()) return translate(found, "read the format version");
  if (stored.size() < sizeof(kFormatVersion)) return damaged("the format version");
  const std::uint32_t version = read_u32(stored, 0);
  if (version == kFormatVersion) return {};
  return {ErrorKind::kInvalid,
          "could not open the topic log in " + options_.path.string() + ": it has format version " +
              std::to_string(version) + ", this program reads version " +
              std::to_string(kFormatVersion) +
              "; use the program that wrote it, or give this one another directory"};
}

template <class Each>
Status LogStore::for_each_tagged(char tag, Each each) const {
  const std::string prefix(1, tag);
  const std::string bound = store::after_prefix(prefix);
  const rocksdb::Slice bound_slice = store::slice(bound);
  rocksdb::ReadOptions reading;
  reading.iterate_upper_bound = &bound_slice;
  const Access database = access();
  if (!database) return not_open("read topics and offsets");
  const std::unique_ptr<rocksdb::Iterator> found{
      database->get().NewIterator(reading, database->family(kMetaFamily))};
  for (found->Seek(prefix); found->Valid(); found->Next()) {
    const Status status = each(store::view(found->key()).substr(1), store::view(found->value()));
    if (!status) return status;
  }
  return translate(found->status(), "read topics and offsets");
}

Result<std::vector<StoredTopic>> LogStore::load_topics() const {
  std::vector<StoredTopic> topics;
  const Status read =
      for_each_tagged(kTopicTag, [&](std::string_view name, std::string_view value) -> Status {
        if (value.size() < 24 || read_u32(value, 4) == 0)
          return damaged("topic " + std::string{name});
        StoredTopic topic;
        topic.name = std::string{name};
        topic.id = read_u32(value, 0);
        topic.options.partitions = read_u32(value, 4);
        if (const std::uint64_t age = read_u64(value, 8); age != kNoBound)
          topic.options.retention_age = std::chrono::milliseconds{static_cast<std::int64_t>(age)};
        if (const std::uint64_t bytes = read_u64(value, 16); bytes != kNoBound)
          topic.options.retention_bytes = bytes;
        if (value.size() >= 36) {
          topic.options.cleanup = static_cast<Cleanup>(read_u32(value, 24));
          topic.options.tombstone_delay =
              std::chrono::milliseconds{static_cast<std::int64_t>(read_u64(value, 28))};
        }
        topics.push_back(std::move(topic));
        return {};
      });
  if (!read) return read;
  return topics;
}

Result<std::vector<StoredCommit>> LogStore::load_commits() const {
  std::vector<StoredCommit> commits;
  const Status read =
      for_each_tagged(kCommitTag, [&](std::string_view key, std::string_view value) -> Status {
        if (key.size() < 8 || value.size() < 8) return damaged("a committed offset");
        commits.push_back({read_u32(key, 0), read_u32(key, 4), std::string{key.substr(8)},
                           static_cast<std::int64_t>(read_u64(value, 0))});
        return {};
      });
  if (!read) return read;
  return commits;
}

Result<PartitionBounds> LogStore::load_bounds(std::uint32_t topic, std::uint32_t partition) const {
  PartitionBounds bounds;
  {
    const Access database = access();
    if (!database) return not_open("find the bounds of a partition");
    std::string start;
    const rocksdb::Status found =
        database->get().Get({}, database->family(kMetaFamily),
                            tagged(kStartTag, partition_prefix(topic, partition)), &start);
    if (found.ok()) {
      if (start.size() < 16) return damaged("the start of a partition");
      bounds.start = static_cast<std::int64_t>(read_u64(start, 0));
      bounds.start_position = read_u64(start, 8);
    } else if (!found.IsNotFound()) {
      return translate(found, "read the start of a partition");
    }
  }
  bounds.end = bounds.start;
  bounds.end_position = bounds.start_position;

  ChunkIterator chunks{*this, topic, partition, ChunkIterator::Reading::kAnywhere};
  const Result<ChunkPtr> last = chunks.last();
  if (!last)
    return Error{last.error().kind, "could not find the end of a partition in " +
                                        options_.path.string() + ": " + last.error().message};
  if (*last == nullptr || (*last)->end() < bounds.start) return bounds;
  const Result<ChunkHeader> header = read_chunk_header((*last)->bytes);
  if (!header) return header.status();
  bounds.end = (*last)->end();
  bounds.end_position = header->position + (*last)->bytes.size();
  bounds.last_append_ms = header->appended_ms;
  return bounds;
}

Status LogStore::save_topic(const StoredTopic& topic) {
  std::string value;
  append_u32(value, topic.id);
  append_u32(value, topic.options.partitions.value());
  const auto age = topic.options.retention_age;
  append_u64(value, age ? static_cast<std::uint64_t>(age->count()) : kNoBound);
  append_u64(value, topic.options.retention_bytes.value_or(kNoBound));
  append_u32(value, static_cast<std::uint32_t>(topic.options.cleanup));
  append_u64(value, static_cast<std::uint64_t>(topic.options.tombstone_delay.count()));
  const std::string tried = "make the topic " + topic.name;
  rocksdb::WriteBatch batch;
  if (Status put = translate(batch.Put(tagged(kTopicTag, topic.name), value), tried); !put)
    return put;
  return write(batch, /*is_synced=*/true, tried);
}

Status LogStore::save_commits(std::uint32_t topic, std::string_view group,
                              std::span<const PartitionOffset> offsets) {
  const std::string tried = "commit offsets of group " + std::string{group};
  rocksdb::WriteBatch batch;
  for (const PartitionOffset& offset : offsets) {
    std::string value;
    append_u64(value, static_cast<std::uint64_t>(offset.next_offset));
    const std::string key =
        tagged(kCommitTag, partition_prefix(topic, offset.partition)).append(group);
    if (Status put = translate(batch.Put(key, value), tried); !put) return put;
  }
  return write(batch, /*is_synced=*/false, tried);
}

Status LogStore::write_chunks(std::span<const std::pair<const Partition*, ChunkPtr>> chunks,
                              Durability durability) {
  rocksdb::WriteBatch batch;
  {
    const Access database = access();
    if (!database) return not_open("append records");
    rocksdb::ColumnFamilyHandle* family = database->family(kChunkFamily);
    for (const auto& [partition, chunk] : chunks) {
      const std::string key =
          chunk_key(partition->topic().id(), partition->index(), chunk->end() - 1);
      if (Status put = translate(batch.Put(family, key, chunk->bytes), "append records"); !put)
        return put;
    }
  }
  return write(batch, durability == Durability::kSyncedEachGroup, "append records");
}

Status LogStore::replace_chunks(const Partition& partition,
                                std::span<const std::int64_t> old_last_offsets,
                                const Chunk& chunk) {
  constexpr std::string_view kTried = "compact records";
  const std::uint32_t topic = partition.topic().id();
  rocksdb::WriteBatch batch;
  {
    const Access database = access();
    if (!database) return not_open(kTried);
    rocksdb::ColumnFamilyHandle* family = database->family(kChunkFamily);
    for (const std::int64_t last : old_last_offsets) {
      const Status removed =
          translate(batch.Delete(family, chunk_key(topic, partition.index(), last)), kTried);
      if (!removed) return removed;
    }
    const std::string key = chunk_key(topic, partition.index(), chunk.end() - 1);
    if (Status put = translate(batch.Put(family, key, chunk.bytes), kTried); !put) return put;
  }
  // Not synced: until it is on the disk, the disk has the chunks that it replaces.
  return write(batch, /*is_synced=*/false, kTried);
}

Status LogStore::remove_chunks(const Partition& partition, std::int64_t from, std::int64_t to,
                               std::uint64_t position) {
  constexpr std::string_view kTried = "remove old records";
  const std::uint32_t topic = partition.topic().id();
  const std::string first = chunk_key(topic, partition.index(), from);
  const std::string bound = chunk_key(topic, partition.index(), to);
  std::string start;
  append_u64(start, static_cast<std::uint64_t>(to));
  append_u64(start, position);

  rocksdb::WriteBatch batch;
  {
    const Access database = access();
    if (!database) return not_open(kTried);
    rocksdb::Status built = batch.DeleteRange(database->family(kChunkFamily), first, bound);
    if (built.ok())
      built = batch.Put(tagged(kStartTag, partition_prefix(topic, partition.index())), start);
    if (!built.ok()) return translate(built, kTried);
  }
  // Synced, because files are unlinked below: the new start must not be lost once they are gone.
  if (Status written = write(batch, /*is_synced=*/true, kTried); !written) return written;

  // Frees whole files at once; what is left goes with the next compaction, so a failure costs space
  // only, and the next retention tries again.
  const Access database = access();
  if (!database) return {};
  const rocksdb::Slice first_slice = store::slice(first);
  const rocksdb::Slice bound_slice = store::slice(bound);
  rocksdb::DeleteFilesInRange(&database->get(), database->family(kChunkFamily), &first_slice,
                              &bound_slice, /*include_end=*/false)
      .PermitUncheckedError();
  return {};
}

Status LogStore::write(rocksdb::WriteBatch& batch, bool is_synced, std::string_view tried) {
  Status written;
  {
    const Access database = access();
    if (!database || has_failed()) return not_open(tried);
    rocksdb::WriteOptions options;
    options.sync = is_synced;
    written = database->write(options, batch, tried);
    if (!written) failed_.store(true);
  }
  note(written, is_synced);
  if (!written && failure_hook_) failure_hook_();
  return written;
}

Error LogStore::not_open(std::string_view tried) const {
  if (failure_hook_) failure_hook_();
  std::string text = "could not ";
  text.append(tried).append(" in ").append(options_.path.string());
  text.append(
      ": an earlier write failed, and the database could not be opened again so far; see to "
      "the disk, and try again later");
  return {ErrorKind::kUnavailable, std::move(text)};
}

Status LogStore::translate(const rocksdb::Status& status, std::string_view tried) const {
  return store::translate(status, tried, options_.path);
}

Error LogStore::damaged(std::string_view what) const {
  std::string text = "could not read ";
  text.append(what).append(" in ").append(options_.path.string());
  text.append(": it is shorter than its layout; restore the directory from a backup");
  return {ErrorKind::kCorrupt, std::move(text)};
}

std::unique_ptr<rocksdb::Iterator> LogStore::new_chunk_iterator(
    const rocksdb::ReadOptions& options) const {
  return std::unique_ptr<rocksdb::Iterator>{
      database_->get().NewIterator(options, database_->family(kChunkFamily))};
}

void LogStore::add_iterator(ChunkIterator& iterator) const {
  const std::lock_guard lock{iterators_mutex_};
  iterators_.insert(&iterator);
}

void LogStore::remove_iterator(ChunkIterator& iterator) const {
  const Access database = access();  // so that the database lives until both are done
  iterator.iterator_.reset();
  const std::lock_guard lock{iterators_mutex_};
  iterators_.erase(&iterator);
}

}  // namespace bora::log
