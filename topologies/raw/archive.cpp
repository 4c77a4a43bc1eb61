#include "topologies/raw/archive.hpp"

#include <algorithm>
#include <array>
#include <mutex>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include <rocksdb/write_batch.h>

#include "topologies/raw/archive_key.hpp"
#include "topologies/raw/archive_store.hpp"
#include "topologies/raw/archived_offsets.hpp"

namespace bora::raw {

using namespace internal;

namespace {

std::string number_bytes(std::uint64_t number) {
  std::string bytes;
  store::append_u64(bytes, number);
  return bytes;
}

}  // namespace

/// What put() keeps between batches. The mutex guards all of it, and the order of the counts written.
struct Archive::Writer {
  Writer(ArchiveOptions how_opened, ArchiveReader::Store& for_readers,
         std::shared_ptr<Opened> first)
      : options(std::move(how_opened)), store(for_readers), opened(std::move(first)) {
    how.sync = options.durability == ArchiveOptions::Durability::kSynced;
  }

  const ArchiveOptions options;
  ArchiveReader::Store& store;
  rocksdb::WriteOptions how;
  std::mutex mutex;
  std::shared_ptr<Opened> opened;     // with the store's readers; null after a failed write
  std::weak_ptr<Opened> last_opened;  // of a closed one: who still reads keeps it from being opened
  std::uint64_t count = 0;
  std::unordered_map<std::uint32_t, ArchivedOffsets> partitions;
  std::string key;
  std::string value;  // what stands before the message
  std::vector<std::pair<coldchain::DeviceId, std::uint32_t>> order;  // of a batch's entries

  Status load();
  Status open_again();
  void close();
  Result<std::uint64_t> count_new(std::span<const ArchiveEntry> entries);
  void order_by_device(std::span<const ArchiveEntry> entries);
  Status write(std::span<const ArchiveEntry> entries, std::uint64_t new_count);
};

/// Learns what the database holds.
Status Archive::Writer::load() {
  const auto counted = opened->count();
  if (!counted) return counted.status();
  count = *counted;
  partitions.clear();
  const std::string bound = store::after_prefix(kNextPrefix);
  const rocksdb::Slice upper{bound};
  rocksdb::ReadOptions reading;
  reading.iterate_upper_bound = &upper;
  const std::unique_ptr<rocksdb::Iterator> at{opened->db->NewIterator(reading, opened->meta)};
  for (at->Seek(store::slice(kNextPrefix)); at->Valid(); at->Next()) {
    const std::string_view name = store::view(at->key());
    const std::string_view next = store::view(at->value());
    if (name.size() != kNextPrefix.size() + 4 || next.size() != 8) {
      return opened->unreadable("there is an offset of an unknown form");
    }
    partitions.insert_or_assign(store::read_u32(name, kNextPrefix.size()),
                                ArchivedOffsets{unflip_sign(store::read_u64(next, 0))});
  }
  return opened->translate(at->status(), "read the offsets of the archive");
}

void Archive::Writer::close() {
  last_opened = opened;
  opened.reset();
  store.replace(nullptr).reset();
}

/// What was tried last may be in the write-ahead log or not: opening finds out.
Status Archive::Writer::open_again() {
  if (!last_opened.expired())
    return {ErrorKind::kUnavailable,
            "the archive in " + store.path.string() +
                " cannot be opened again after a failed write before those who still read it end"};
  auto again = Opened::own(options);
  if (!again) return again.status();
  opened = *std::move(again);
  if (Status loaded = load(); !loaded) {
    opened.reset();
    return loaded;
  }
  store.replace(opened);
  return {};
}

/// How many of the entries the archive does not hold yet.
Result<std::uint64_t> Archive::Writer::count_new(std::span<const ArchiveEntry> entries) {
  std::vector<bool> is_doubtful(entries.size());
  bool has_doubt = false;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const bool is_new = partitions[entries[i].partition].add_if_new(entries[i].offset);
    is_doubtful[i] = !is_new;
    has_doubt |= !is_new;
  }
  if (!has_doubt) return entries.size();

  // Only after a restart, a retry or a late offset.
  std::uint64_t new_entries = 0;
  std::set<std::string> keys_of_batch;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const ArchiveEntry& entry = entries[i];
    std::string entry_key;
    append_key(entry_key, {entry.device_id, entry.inserted, entry.partition, entry.offset});
    if (is_doubtful[i]) {
      rocksdb::PinnableSlice found;
      const rocksdb::Status got = opened->db->Get({}, opened->entries, entry_key, &found);
      if (!got.ok() && !got.IsNotFound()) return opened->translate(got, "look for an entry");
      if (got.ok()) continue;
    }
    if (keys_of_batch.insert(std::move(entry_key)).second) ++new_entries;
  }
  return new_entries;
}

/// Device by device, as keys are: where an entry goes in RocksDB's memtable is then mostly beside the one
/// before it, which is still in the cache. In the order of arrival each is a search in cold memory.
void Archive::Writer::order_by_device(std::span<const ArchiveEntry> entries) {
  order.clear();
  for (std::uint32_t i = 0; i < entries.size(); ++i)
    order.emplace_back(entries[i].device_id, i);
  std::sort(order.begin(), order.end());
}

Status Archive::Writer::write(std::span<const ArchiveEntry> entries, std::uint64_t new_count) {
  std::size_t bytes = 64 * partitions.size() + 64;
  for (const ArchiveEntry& entry : entries)
    bytes += kKeyBytes + kValueHeaderBytes + entry.message.size() + 16;
  rocksdb::WriteBatch batch{bytes};
  order_by_device(entries);
  for (const auto& [device, index] : order) {
    const ArchiveEntry& entry = entries[index];
    key.clear();
    append_key(key, {entry.device_id, entry.inserted, entry.partition, entry.offset});
    value.assign(1, kValueVersion);
    store::append_u64(value, flip_sign(to_millis(entry.measured)));
    const rocksdb::Slice key_bytes = store::slice(key);
    const std::array<rocksdb::Slice, 2> parts{store::slice(value), store::slice(entry.message)};
    if (auto added = batch.Put(opened->entries, rocksdb::SliceParts{&key_bytes, 1},
                               rocksdb::SliceParts{parts.data(), static_cast<int>(parts.size())});
        !added.ok())
      return opened->translate(added, "write to");
  }
  for (const auto& [partition, offsets] : partitions) {
    key.assign(kNextPrefix);
    store::append_u32(key, partition);
    auto added = batch.Put(opened->meta, key, number_bytes(flip_sign(offsets.next())));
    if (!added.ok()) return opened->translate(added, "write to");
  }
  auto added = batch.Put(opened->meta, store::slice(kCountKey), number_bytes(new_count));
  if (!added.ok()) return opened->translate(added, "write to");
  Status written = opened->owned->write(how, batch, "archive messages");
  if (!written) close();
  return written;
}

Archive::Archive(std::unique_ptr<ArchiveReader> reader, std::unique_ptr<Writer> writer) noexcept
    : reader_(std::move(reader)), writer_(std::move(writer)) {}
Archive::~Archive() = default;

Result<std::unique_ptr<Archive>> Archive::open(const ArchiveOptions& options) {
  auto opened = ArchiveReader::Opened::own(options);
  if (!opened) return opened.status();
  auto store = std::make_unique<ArchiveReader::Store>(*opened);
  auto writer = std::make_unique<Writer>(options, *store, *std::move(opened));
  if (Status loaded = writer->load(); !loaded) return loaded;
  std::unique_ptr<ArchiveReader> reader{new ArchiveReader{std::move(store)}};
  return std::unique_ptr<Archive>{new Archive{std::move(reader), std::move(writer)}};
}

Status Archive::put(std::span<const ArchiveEntry> entries) {
  if (entries.empty()) return {};
  const std::lock_guard lock{writer_->mutex};
  if (writer_->opened == nullptr)
    if (Status opened = writer_->open_again(); !opened) return opened;
  const auto new_entries = writer_->count_new(entries);
  if (!new_entries) return new_entries.status();
  const std::uint64_t count = writer_->count + *new_entries;
  if (Status written = writer_->write(entries, count); !written) return written;
  writer_->count = count;
  return {};
}

}  // namespace bora::raw
