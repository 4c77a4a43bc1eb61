#include "connectors/log/log_store.hpp"

#include <limits>
#include <utility>

#include <rocksdb/convenience.h>

#include "connectors/log/chunk_codec.hpp"
#include "connectors/rocksdb/key_codec.hpp"

// Keys, all numbers big-endian:
//   family "chunks"   u32 topic | u32 partition | u64 last offset of the chunk  ->  chunk_codec.hpp
//   family "default"  'F'                                  ->  u32 format version
//                     'T' | name                           ->  u32 id | u32 partitions | u64 age, ms | u64 bytes
//                     'S' | u32 topic | u32 partition      ->  u64 start offset | u64 position of it
//                     'C' | u32 topic | u32 partition | group  ->  u64 next offset
// A chunk is filed under its last offset so that one seek to an offset finds the chunk that holds it.

namespace bora::log {
namespace {

using store::append_u32;
using store::append_u64;
using store::read_u32;
using store::read_u64;

constexpr std::uint32_t kFormatVersion = 1;
constexpr std::string_view kChunkFamily = "chunks";
constexpr std::string_view kFormatKey = "F";
constexpr char kTopicTag = 'T';
constexpr char kStartTag = 'S';
constexpr char kCommitTag = 'C';
constexpr std::size_t kPartitionPrefixBytes = 8;
constexpr std::uint64_t kNoBound = std::numeric_limits<std::uint64_t>::max();

std::string partition_prefix(std::uint32_t topic, std::uint32_t partition) {
  std::string key;
  append_u32(key, topic);
  append_u32(key, partition);
  return key;
}

std::string chunk_key(std::uint32_t topic, std::uint32_t partition, std::int64_t last_offset) {
  std::string key = partition_prefix(topic, partition);
  append_u64(key, static_cast<std::uint64_t>(last_offset));
  return key;
}

std::string tagged(char tag, std::string_view rest) { return std::string(1, tag).append(rest); }

Error damaged(const store::Database& database, std::string_view what) {
  std::string text = "could not read ";
  text.append(what).append(" in ").append(database.path().string());
  text.append(": it is shorter than its layout; restore the directory from a backup");
  return {ErrorKind::kCorrupt, std::move(text)};
}

store::DatabaseOptions database_options(const LogOptions& options) {
  store::FamilyOptions meta;
  meta.write_buffer_bytes = 2u << 20;
  store::FamilyOptions chunks;
  chunks.name = std::string{kChunkFamily};
  chunks.write_buffer_bytes = options.write_buffer_bytes;
  chunks.ascending_prefix_bytes = kPartitionPrefixBytes;
  store::DatabaseOptions database;
  database.path = options.path;
  database.families = {meta, chunks};
  return database;
}

/// Calls `each` with key (without the tag) and value until it returns an error.
template <class Each>
Status for_each_tagged(const store::Database& database, char tag, Each each) {
  const std::string prefix(1, tag);
  const std::string bound = store::after_prefix(prefix);
  const rocksdb::Slice bound_slice = store::slice(bound);
  rocksdb::ReadOptions reading;
  reading.iterate_upper_bound = &bound_slice;
  const std::unique_ptr<rocksdb::Iterator> found{
      database->NewIterator(reading, database.family("default"))};
  for (found->Seek(prefix); found->Valid(); found->Next()) {
    const Status status = each(store::view(found->key()).substr(1), store::view(found->value()));
    if (!status) return status;
  }
  return database.translate(found->status(), "read the list of topics and offsets");
}

}  // namespace

ChunkIterator::ChunkIterator(const store::Database& database, std::uint32_t topic,
                             std::uint32_t partition, Reading reading)
    : prefix_(partition_prefix(topic, partition)),
      bound_(store::after_prefix(prefix_)),
      prefix_slice_(store::slice(prefix_)),
      bound_slice_(store::slice(bound_)) {
  rocksdb::ReadOptions options;
  options.iterate_lower_bound = &prefix_slice_;
  options.iterate_upper_bound = &bound_slice_;
  options.fill_cache = false;  // read once, in order
  if (reading == Reading::kSequential) options.readahead_size = 512u << 10;
  iterator_.reset(database->NewIterator(options, database.family(kChunkFamily)));
}

void ChunkIterator::seek(std::int64_t offset) {
  std::string key = prefix_;
  append_u64(key, static_cast<std::uint64_t>(offset));
  iterator_->Seek(key);
}

void ChunkIterator::seek_last() { iterator_->SeekToLast(); }

void ChunkIterator::next() { iterator_->Next(); }

std::int64_t ChunkIterator::end() const {
  return static_cast<std::int64_t>(read_u64(store::view(iterator_->key()), kPartitionPrefixBytes)) +
         1;
}

LogStore::LogStore(std::unique_ptr<store::Database> database)
    : database_(std::move(database)),
      meta_(database_->family("default")),
      chunks_(database_->family(kChunkFamily)) {}

Result<std::unique_ptr<LogStore>> LogStore::open(const LogOptions& options) {
  auto database = store::Database::open(database_options(options));
  if (!database) return database.status();
  std::unique_ptr<LogStore> log{new LogStore(std::move(*database))};
  if (Status format = log->check_format(); !format) return format;
  return log;
}

Status LogStore::check_format() {
  std::string stored;
  const rocksdb::Status found = database_->get().Get({}, meta_, kFormatKey, &stored);
  if (found.IsNotFound()) {
    std::string version;
    append_u32(version, kFormatVersion);
    rocksdb::WriteOptions writing;
    writing.sync = true;
    return translate(database_->get().Put(writing, meta_, kFormatKey, version), "mark the format");
  }
  if (!found.ok()) return translate(found, "read the format version");
  if (stored.size() < sizeof(kFormatVersion)) return damaged(*database_, "the format version");
  const std::uint32_t version = read_u32(stored, 0);
  if (version == kFormatVersion) return {};
  return {ErrorKind::kInvalid,
          "could not open the topic log in " + database_->path().string() +
              ": it has format version " + std::to_string(version) +
              ", this program reads version " + std::to_string(kFormatVersion) +
              "; use the program that wrote it, or give this one another directory"};
}

Result<std::vector<StoredTopic>> LogStore::load_topics() const {
  std::vector<StoredTopic> topics;
  const Status read = for_each_tagged(
      *database_, kTopicTag, [&](std::string_view name, std::string_view value) -> Status {
        if (value.size() < 24) return damaged(*database_, "topic " + std::string{name});
        StoredTopic topic;
        topic.name = std::string{name};
        topic.id = read_u32(value, 0);
        topic.options.partitions = read_u32(value, 4);
        if (*topic.options.partitions == 0) return damaged(*database_, "topic " + topic.name);
        if (const std::uint64_t age = read_u64(value, 8); age != kNoBound)
          topic.options.retention_age = std::chrono::milliseconds{static_cast<std::int64_t>(age)};
        if (const std::uint64_t bytes = read_u64(value, 16); bytes != kNoBound)
          topic.options.retention_bytes = bytes;
        topics.push_back(std::move(topic));
        return {};
      });
  if (!read) return read;
  return topics;
}

Result<std::vector<StoredCommit>> LogStore::load_commits() const {
  std::vector<StoredCommit> commits;
  const Status read = for_each_tagged(
      *database_, kCommitTag, [&](std::string_view key, std::string_view value) -> Status {
        if (key.size() < 8 || value.size() < 8) return damaged(*database_, "a committed offset");
        commits.push_back({read_u32(key, 0), read_u32(key, 4), std::string{key.substr(8)},
                           static_cast<std::int64_t>(read_u64(value, 0))});
        return {};
      });
  if (!read) return read;
  return commits;
}

Result<PartitionBounds> LogStore::load_bounds(std::uint32_t topic, std::uint32_t partition) const {
  PartitionBounds bounds;
  std::string start;
  const rocksdb::Status found = database_->get().Get(
      {}, meta_, tagged(kStartTag, partition_prefix(topic, partition)), &start);
  if (found.ok()) {
    if (start.size() < 16) return damaged(*database_, "the start of a partition");
    bounds.start = static_cast<std::int64_t>(read_u64(start, 0));
    bounds.start_position = read_u64(start, 8);
  } else if (!found.IsNotFound()) {
    return translate(found, "read the start of a partition");
  }
  bounds.end = bounds.start;
  bounds.end_position = bounds.start_position;

  ChunkIterator last{*database_, topic, partition, ChunkIterator::Reading::kRandom};
  last.seek_last();
  if (!last.valid()) {
    if (Status read = translate(last.status(), "find the end of a partition"); !read) return read;
    return bounds;
  }
  const Result<ChunkHeader> header = read_chunk_header(last.bytes());
  if (!header)
    return Error{header.error().kind, "could not open the topic log in " +
                                          database_->path().string() + ": " +
                                          header.error().message};
  if (last.end() < bounds.start) return bounds;
  bounds.end = last.end();
  bounds.end_position = header->position + last.bytes().size();
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
  rocksdb::WriteOptions writing;
  writing.sync = true;
  return translate(database_->get().Put(writing, meta_, tagged(kTopicTag, topic.name), value),
                   "make the topic " + topic.name);
}

Status LogStore::save_commits(std::uint32_t topic, std::string_view group,
                              std::span<const PartitionOffset> offsets) {
  rocksdb::WriteBatch batch;
  for (const PartitionOffset& offset : offsets) {
    std::string value;
    append_u64(value, static_cast<std::uint64_t>(offset.next_offset));
    const std::string key =
        tagged(kCommitTag, partition_prefix(topic, offset.partition)).append(group);
    if (Status put = translate(batch.Put(meta_, key, value), "commit offsets"); !put) return put;
  }
  return translate(database_->get().Write({}, &batch),
                   "commit offsets of group " + std::string{group});
}

void LogStore::put_chunk(rocksdb::WriteBatch& group, const Partition& partition,
                         const Chunk& chunk) const {
  const std::string key = chunk_key(partition.topic().id(), partition.index(), chunk.end() - 1);
  const rocksdb::Status put = group.Put(chunks_, key, chunk.bytes);
  BORA_CHECK(put.ok(), put.ToString());  // only a batch with a size limit refuses
}

Status LogStore::write_group(rocksdb::WriteBatch& group, Durability durability) {
  if (must_resume_) {
    const Status resumed = translate(database_->get().Resume(), "resume after a failed write");
    if (!resumed) return resumed;
    must_resume_ = false;
  }
  rocksdb::WriteOptions writing;
  writing.sync = durability == Durability::kSyncedEachGroup;
  const Status written = translate(database_->get().Write(writing, &group), "append records");
  must_resume_ = !written;
  return written;
}

Status LogStore::remove_chunks(const Partition& partition, std::int64_t from, std::int64_t to,
                               std::uint64_t position) {
  const std::uint32_t topic = partition.topic().id();
  const std::string first = chunk_key(topic, partition.index(), from);
  const std::string bound = chunk_key(topic, partition.index(), to);
  std::string start;
  append_u64(start, static_cast<std::uint64_t>(to));
  append_u64(start, position);
  rocksdb::WriteBatch batch;
  rocksdb::Status built = batch.DeleteRange(chunks_, first, bound);
  if (built.ok())
    built = batch.Put(meta_, tagged(kStartTag, partition_prefix(topic, partition.index())), start);
  if (!built.ok()) return translate(built, "remove old records");
  rocksdb::WriteOptions writing;
  // Synced, because files are unlinked below: the new start must not be lost once they are gone.
  writing.sync = true;
  if (Status written = translate(database_->get().Write(writing, &batch), "remove old records");
      !written)
    return written;
  // Frees whole files at once; what is left goes with the next compaction.
  const rocksdb::Slice first_slice = store::slice(first);
  const rocksdb::Slice bound_slice = store::slice(bound);
  return translate(
      rocksdb::DeleteFilesInRange(&database_->get(), chunks_, &first_slice, &bound_slice,
                                  /*include_end=*/false),
      "remove the files of old records");
}

std::unique_ptr<ChunkIterator> LogStore::chunks(const Partition& partition,
                                                ChunkIterator::Reading reading) const {
  return std::make_unique<ChunkIterator>(*database_, partition.topic().id(), partition.index(),
                                         reading);
}

}  // namespace bora::log
