#include "topologies/raw/archive.hpp"

#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>

#include <rocksdb/db.h>
#include <rocksdb/iterator.h>
#include <rocksdb/write_batch.h>

#include "connectors/rocksdb/holders.hpp"
#include "topologies/raw/archive_key.hpp"
#include "topologies/raw/archived_offsets.hpp"

namespace bora::raw {
namespace {

using namespace internal;
using coldchain::DeviceId;

constexpr const char* kEntriesFamily = "raw";
constexpr const char* kMetaFamily = "default";

// Of the family "default".
constexpr std::string_view kFormatKey = "format";
constexpr std::string_view kFormat = "bora raw archive 1";
constexpr std::string_view kCountKey = "count";
constexpr std::string_view kNextPrefix = "next/";  // + partition u32 -> one past its largest offset

// A value is this byte, the measurement time (as in keys) and the message.
constexpr char kValueVersion = 1;
constexpr std::size_t kValueHeaderBytes = 1 + 8;

std::string number_bytes(std::uint64_t number) {
  std::string bytes;
  store::append_u64(bytes, number);
  return bytes;
}

Error unreadable(const std::filesystem::path& path, std::string_view what) {
  return {ErrorKind::kCorrupt, std::string{what}
                                   .append(" in the archive ")
                                   .append(path.string())
                                   .append("; restore it, or delete it and replay the topic")};
}

/// A directory for the secondary's own log, gone with it.
class ScratchDirectory {
 public:
  static Result<ScratchDirectory> make() {
    std::error_code failed;
    const auto parent = std::filesystem::temp_directory_path(failed);
    std::string pattern = (parent / "bora-archive-XXXXXX").string();
    if (failed || ::mkdtemp(pattern.data()) == nullptr) {
      return Error{ErrorKind::kUnavailable, "could not create a directory like " + pattern +
                                                "; set TMPDIR to one that can be written"};
    }
    return ScratchDirectory{std::move(pattern)};
  }
  ScratchDirectory(ScratchDirectory&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  ~ScratchDirectory() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  [[nodiscard]] const std::string& path() const noexcept { return path_; }

 private:
  explicit ScratchDirectory(std::string path) noexcept : path_(std::move(path)) {}
  std::string path_;
};

/// A secondary instance with its families and scratch directory.
struct Secondary {
  ScratchDirectory scratch;
  std::unique_ptr<rocksdb::DB> db;
  std::vector<rocksdb::ColumnFamilyHandle*> families;

  explicit Secondary(ScratchDirectory directory) noexcept : scratch(std::move(directory)) {}
  Secondary(const Secondary&) = delete;
  Secondary& operator=(const Secondary&) = delete;
  ~Secondary() {
    for (auto* family : families)
      db->DestroyColumnFamilyHandle(family).PermitUncheckedError();
  }
};

Result<std::unique_ptr<Secondary>> open_secondary(const std::filesystem::path& path) {
  auto scratch = ScratchDirectory::make();
  if (!scratch) return scratch.status();
  auto secondary = std::make_unique<Secondary>(*std::move(scratch));
  rocksdb::DBOptions options;
  options.max_open_files = -1;  // Files that the owner deletes stay readable while they are open.
  options.info_log_level = rocksdb::InfoLogLevel::ERROR_LEVEL;
  const std::vector<rocksdb::ColumnFamilyDescriptor> families{{kMetaFamily, {}},
                                                              {kEntriesFamily, {}}};
  rocksdb::DB* db = nullptr;
  rocksdb::Status opened;
  // The owner may replace files between the moment they are listed and the moment they are opened.
  for (int attempt = 0; attempt < 5; ++attempt) {
    opened = rocksdb::DB::OpenAsSecondary(options, path.string(), secondary->scratch.path(),
                                          families, &secondary->families, &db);
    if (opened.ok() || opened.IsInvalidArgument()) break;
  }
  if (opened.IsInvalidArgument()) {
    return Error{ErrorKind::kInvalid,
                 path.string() + " is a database, but no archive; check the path"};
  }
  if (!opened.ok()) return store::translate(opened, "open the archive for reading", path);
  secondary->db.reset(db);
  return secondary;
}

}  // namespace

/// The database, whoever opened it.
struct ArchiveReader::Store {
  std::filesystem::path path;
  std::unique_ptr<store::Database> owned;  ///< Exactly one of these two is set.
  std::unique_ptr<Secondary> secondary;
  rocksdb::DB* db = nullptr;
  rocksdb::ColumnFamilyHandle* meta = nullptr;
  rocksdb::ColumnFamilyHandle* entries = nullptr;

  [[nodiscard]] Status translate(const rocksdb::Status& status, std::string_view tried) const {
    return status.ok() ? Status{} : store::translate(status, tried, path);
  }

  /// The value of a key of the meta family, if there is one.
  [[nodiscard]] Result<std::optional<std::string>> find_meta(std::string_view key) const {
    std::string value;
    const rocksdb::Status found = db->Get({}, meta, store::slice(key), &value);
    if (found.IsNotFound()) return std::optional<std::string>{};
    if (!found.ok()) return translate(found, "read");
    return std::optional{std::move(value)};
  }

  /// `is_there`: whether there is an archive. kInvalid when it is of an unknown version.
  [[nodiscard]] Result<bool> check_format() const {
    const auto format = find_meta(kFormatKey);
    if (!format) return format.status();
    if (!format->has_value()) return false;
    if (**format == kFormat) return true;
    return Error{ErrorKind::kInvalid, "the archive " + path.string() + " has the format \"" +
                                          **format + "\", this version knows \"" +
                                          std::string{kFormat} +
                                          "\"; use the version that wrote it"};
  }

  [[nodiscard]] std::unique_ptr<rocksdb::Iterator> iterate(
      const rocksdb::ReadOptions& options) const {
    return std::unique_ptr<rocksdb::Iterator>{db->NewIterator(options, entries)};
  }
};

struct ArchiveScan::Cursor {
  std::filesystem::path path;
  std::string upper;  ///< Referred to by upper_bound, which the iterator refers to.
  rocksdb::Slice upper_bound;
  std::unique_ptr<rocksdb::Iterator> iterator;
  bool is_started = false;
};

ArchiveScan::ArchiveScan(std::unique_ptr<Cursor> cursor) noexcept : cursor_(std::move(cursor)) {}
ArchiveScan::ArchiveScan(ArchiveScan&&) noexcept = default;
ArchiveScan::~ArchiveScan() = default;

bool ArchiveScan::next() {
  rocksdb::Iterator& at = *cursor_->iterator;
  if (!status_) return false;
  if (std::exchange(cursor_->is_started, true) && at.Valid()) at.Next();
  if (!at.Valid()) {
    if (!at.status().ok())
      status_ = store::translate(at.status(), "scan the archive", cursor_->path);
    return false;
  }
  const std::string_view key = store::view(at.key());
  const std::string_view value = store::view(at.value());
  if (key.size() != kKeyBytes || value.size() < kValueHeaderBytes || value[0] != kValueVersion) {
    status_ = unreadable(cursor_->path, "there is an entry of an unknown form");
    return false;
  }
  const Key decoded = read_key(key);
  entry_ = {.device_id = decoded.device_id,
            .inserted = decoded.inserted,
            .measured = from_millis(unflip_sign(store::read_u64(value, 1))),
            .partition = decoded.partition,
            .offset = decoded.offset,
            .message = value.substr(kValueHeaderBytes)};
  return true;
}

ArchiveReader::ArchiveReader(std::unique_ptr<Store> store) noexcept : store_(std::move(store)) {}
ArchiveReader::~ArchiveReader() = default;

Result<std::unique_ptr<ArchiveReader>> ArchiveReader::open(const std::filesystem::path& path) {
  if (!std::filesystem::exists(path / "CURRENT")) {
    return Error{ErrorKind::kNotFound,
                 "there is no archive in " + path.string() + "; check the path"};
  }
  auto secondary = open_secondary(path);
  if (!secondary) return secondary.status();
  auto store = std::make_unique<Store>();
  store->path = path;
  store->secondary = *std::move(secondary);
  store->db = store->secondary->db.get();
  store->meta = store->secondary->families[0];
  store->entries = store->secondary->families[1];
  const auto is_there = store->check_format();
  if (!is_there) return is_there.status();
  if (!*is_there) {
    return Error{ErrorKind::kNotFound,
                 "the archive in " + path.string() + " is not made yet; try again"};
  }
  return std::unique_ptr<ArchiveReader>{new ArchiveReader{std::move(store)}};
}

Status ArchiveReader::refresh() {
  BORA_CHECK(store_->secondary != nullptr, "refresh() of a reader that belongs to an Archive");
  return store_->translate(store_->db->TryCatchUpWithPrimary(), "follow the owner of the archive");
}

Result<std::uint64_t> ArchiveReader::count() const {
  const auto count = store_->find_meta(kCountKey);
  if (!count) return count.status();
  if (!count->has_value()) return std::uint64_t{0};
  if ((*count)->size() != 8) return unreadable(store_->path, "there is a count of an unknown form");
  return store::read_u64(**count, 0);
}

Result<std::uint64_t> ArchiveReader::recount() const {
  rocksdb::ReadOptions options;
  options.fill_cache = false;
  std::uint64_t entries = 0;
  const auto at = store_->iterate(options);
  for (at->SeekToFirst(); at->Valid(); at->Next())
    ++entries;
  if (!at->status().ok()) return store_->translate(at->status(), "count the archive");
  return entries;
}

ArchiveScan ArchiveReader::scan(DeviceId device_id, WallTime from, WallTime to) const {
  auto cursor = std::make_unique<ArchiveScan::Cursor>();
  cursor->path = store_->path;
  cursor->upper = to == WallTime::max() ? store::after_prefix(device_prefix(device_id))
                                        : time_prefix(device_id, to);
  cursor->upper_bound = cursor->upper;
  rocksdb::ReadOptions options;
  options.fill_cache = false;
  if (!cursor->upper.empty()) options.iterate_upper_bound = &cursor->upper_bound;
  cursor->iterator = store_->iterate(options);
  cursor->iterator->Seek(time_prefix(device_id, from));
  return ArchiveScan{std::move(cursor)};
}

Result<std::vector<DeviceId>> ArchiveReader::devices() const {
  std::vector<DeviceId> devices;
  const auto at = store_->iterate({});
  for (at->SeekToFirst(); at->Valid();) {
    const std::string_view key = store::view(at->key());
    if (key.size() != kKeyBytes)
      return unreadable(store_->path, "there is a key of an unknown form");
    devices.push_back(read_key(key).device_id);
    const std::string next = store::after_prefix(key.substr(0, kDeviceBytes));
    if (next.empty()) break;
    at->Seek(next);
  }
  if (!at->status().ok()) return store_->translate(at->status(), "list the devices of the archive");
  return devices;
}

Result<ArchiveStats> ArchiveReader::stats() const {
  const auto entries = count();
  if (!entries) return entries.status();
  ArchiveStats stats{.entries = *entries, .file_bytes = 0, .memory_bytes = 0};
  store_->db->GetIntProperty(store_->entries, rocksdb::DB::Properties::kTotalSstFilesSize,
                             &stats.file_bytes);
  store_->db->GetIntProperty(store_->entries, rocksdb::DB::Properties::kCurSizeAllMemTables,
                             &stats.memory_bytes);
  return stats;
}

/// What put() keeps between batches. The mutex guards all of it, and the order of the counts written.
struct Archive::Writer {
  explicit Writer(ArchiveReader::Store& where) noexcept : store(where) {}

  ArchiveReader::Store& store;
  rocksdb::WriteOptions how;
  std::mutex mutex;
  std::uint64_t count = 0;
  std::unordered_map<std::uint32_t, ArchivedOffsets> partitions;
  std::string key;
  std::string value;

  Status load();
  Result<std::uint64_t> count_new(std::span<const ArchiveEntry> entries);
  Status write(std::span<const ArchiveEntry> entries, std::uint64_t new_count);
};

Status Archive::Writer::load() {
  const std::string bound = store::after_prefix(kNextPrefix);
  const rocksdb::Slice upper{bound};
  rocksdb::ReadOptions options;
  options.iterate_upper_bound = &upper;
  const std::unique_ptr<rocksdb::Iterator> at{store.db->NewIterator(options, store.meta)};
  for (at->Seek(store::slice(kNextPrefix)); at->Valid(); at->Next()) {
    const std::string_view name = store::view(at->key());
    const std::string_view next = store::view(at->value());
    if (name.size() != kNextPrefix.size() + 4 || next.size() != 8) {
      return unreadable(store.path, "there is an offset of an unknown form");
    }
    partitions.insert_or_assign(store::read_u32(name, kNextPrefix.size()),
                                ArchivedOffsets{unflip_sign(store::read_u64(next, 0))});
  }
  return store.translate(at->status(), "read the offsets of the archive");
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
      const rocksdb::Status got = store.db->Get({}, store.entries, entry_key, &found);
      if (!got.ok() && !got.IsNotFound()) return store.translate(got, "look for an entry");
      if (got.ok()) continue;
    }
    if (keys_of_batch.insert(std::move(entry_key)).second) ++new_entries;
  }
  return new_entries;
}

Status Archive::Writer::write(std::span<const ArchiveEntry> entries, std::uint64_t new_count) {
  std::size_t bytes = 64 * partitions.size() + 64;
  for (const ArchiveEntry& entry : entries)
    bytes += kKeyBytes + kValueHeaderBytes + entry.message.size() + 16;
  rocksdb::WriteBatch batch{bytes};
  for (const ArchiveEntry& entry : entries) {
    key.clear();
    append_key(key, {entry.device_id, entry.inserted, entry.partition, entry.offset});
    value.assign(1, kValueVersion);
    store::append_u64(value, flip_sign(to_millis(entry.measured)));
    value.append(entry.message);
    if (auto added = batch.Put(store.entries, key, value); !added.ok())
      return store.translate(added, "write to");
  }
  for (const auto& [partition, offsets] : partitions) {
    key.assign(kNextPrefix);
    store::append_u32(key, partition);
    auto added = batch.Put(store.meta, key, number_bytes(flip_sign(offsets.next())));
    if (!added.ok()) return store.translate(added, "write to");
  }
  auto added = batch.Put(store.meta, store::slice(kCountKey), number_bytes(new_count));
  if (!added.ok()) return store.translate(added, "write to");
  return store.translate(store.db->Write(how, &batch), "write to");
}

Archive::Archive(std::unique_ptr<ArchiveReader> reader, std::unique_ptr<Writer> writer) noexcept
    : reader_(std::move(reader)), writer_(std::move(writer)) {}
Archive::~Archive() = default;

Result<std::unique_ptr<Archive>> Archive::open(const ArchiveOptions& options) {
  store::DatabaseOptions database;
  database.path = options.path;
  database.max_wal_bytes = 4 * options.write_buffer_bytes;
  database.families = {{.name = kEntriesFamily,
                        .write_buffer_bytes = options.write_buffer_bytes,
                        .ascending_prefix_bytes = kDeviceBytes}};
  auto opened = store::Database::open(database);
  if (!opened) return opened.status();

  auto store = std::make_unique<ArchiveReader::Store>();
  store->path = options.path;
  store->owned = *std::move(opened);
  store->db = &store->owned->get();
  store->meta = store->owned->family(kMetaFamily);
  store->entries = store->owned->family(kEntriesFamily);
  const auto is_there = store->check_format();
  if (!is_there) return is_there.status();
  if (!*is_there) {
    rocksdb::WriteOptions synced;
    synced.sync = true;
    const auto made =
        store->db->Put(synced, store->meta, store::slice(kFormatKey), store::slice(kFormat));
    if (!made.ok()) return store->translate(made, "make the archive");
  }

  std::unique_ptr<Writer> writer{new Writer{*store}};
  writer->how.sync = options.durability == ArchiveOptions::Durability::kSynced;
  if (Status loaded = writer->load(); !loaded) return loaded;
  std::unique_ptr<ArchiveReader> reader{new ArchiveReader{std::move(store)}};
  const auto count = reader->count();
  if (!count) return count.status();
  writer->count = *count;
  return std::unique_ptr<Archive>{new Archive{std::move(reader), std::move(writer)}};
}

Status Archive::put(std::span<const ArchiveEntry> entries) {
  if (entries.empty()) return {};
  const std::lock_guard lock{writer_->mutex};
  const auto new_entries = writer_->count_new(entries);
  if (!new_entries) return new_entries.status();
  const std::uint64_t count = writer_->count + *new_entries;
  if (Status written = writer_->write(entries, count); !written) return written;
  writer_->count = count;
  return {};
}

}  // namespace bora::raw
