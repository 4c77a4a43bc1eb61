#include <string>
#include <utility>

#include "topologies/raw/archive_key.hpp"
#include "topologies/raw/archive_store.hpp"

namespace bora::raw {

using namespace internal;
using coldchain::DeviceId;

struct ArchiveScan::Cursor {
  std::shared_ptr<ArchiveReader::Opened> opened;  ///< Outlives the iterator.
  std::string upper;  ///< Referred to by upper_bound, which the iterator refers to.
  rocksdb::Slice upper_bound;
  std::unique_ptr<rocksdb::Iterator> iterator;
  bool is_started = false;
};

ArchiveScan::ArchiveScan(std::unique_ptr<Cursor> cursor) noexcept : cursor_(std::move(cursor)) {}
ArchiveScan::ArchiveScan(Status failed) noexcept : status_(std::move(failed)) {}
ArchiveScan::ArchiveScan(ArchiveScan&&) noexcept = default;
ArchiveScan::~ArchiveScan() = default;

bool ArchiveScan::next() {
  if (!status_) return false;
  rocksdb::Iterator& at = *cursor_->iterator;
  if (std::exchange(cursor_->is_started, true) && at.Valid()) at.Next();
  if (!at.Valid()) {
    status_ = cursor_->opened->translate(at.status(), "scan the archive");
    return false;
  }
  const std::string_view key = store::view(at.key());
  const std::string_view value = store::view(at.value());
  if (key.size() != kKeyBytes || value.size() < kValueHeaderBytes || value[0] != kValueVersion) {
    status_ = cursor_->opened->unreadable("there is an entry of an unknown form");
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
  auto opened = Opened::follow(path);
  if (!opened) return opened.status();
  return std::unique_ptr<ArchiveReader>{
      new ArchiveReader{std::make_unique<Store>(*std::move(opened))}};
}

Status ArchiveReader::refresh() {
  const auto opened = store_->find();
  if (!opened) return opened.status();
  BORA_CHECK((*opened)->secondary != nullptr, "refresh() of a reader that belongs to an Archive");
  return (*opened)->translate((*opened)->db->TryCatchUpWithPrimary(),
                              "follow the owner of the archive");
}

Result<std::uint64_t> ArchiveReader::count() const {
  const auto opened = store_->find();
  if (!opened) return opened.status();
  return (*opened)->count();
}

Result<std::uint64_t> ArchiveReader::recount() const {
  const auto opened = store_->find();
  if (!opened) return opened.status();
  rocksdb::ReadOptions options;
  options.fill_cache = false;
  std::uint64_t entries = 0;
  const auto at = (*opened)->iterate(options);
  for (at->SeekToFirst(); at->Valid(); at->Next())
    ++entries;
  if (!at->status().ok()) return (*opened)->translate(at->status(), "count the archive");
  return entries;
}

ArchiveScan ArchiveReader::scan(DeviceId device_id, WallTime from, WallTime to) const {
  auto opened = store_->find();
  if (!opened) return ArchiveScan{opened.status()};
  auto cursor = std::make_unique<ArchiveScan::Cursor>();
  cursor->opened = *std::move(opened);
  cursor->upper = to == WallTime::max() ? store::after_prefix(device_prefix(device_id))
                                        : time_prefix(device_id, to);
  cursor->upper_bound = cursor->upper;
  rocksdb::ReadOptions options;
  options.fill_cache = false;
  if (!cursor->upper.empty()) options.iterate_upper_bound = &cursor->upper_bound;
  cursor->iterator = cursor->opened->iterate(options);
  cursor->iterator->Seek(time_prefix(device_id, from));
  return ArchiveScan{std::move(cursor)};
}

Result<std::vector<DeviceId>> ArchiveReader::devices() const {
  const auto opened = store_->find();
  if (!opened) return opened.status();
  std::vector<DeviceId> devices;
  const auto at = (*opened)->iterate({});
  for (at->SeekToFirst(); at->Valid();) {
    const std::string_view key = store::view(at->key());
    if (key.size() != kKeyBytes) return (*opened)->unreadable("there is a key of an unknown form");
    devices.push_back(read_key(key).device_id);
    const std::string next = store::after_prefix(key.substr(0, kDeviceBytes));
    if (next.empty()) break;
    at->Seek(next);
  }
  if (!at->status().ok())
    return (*opened)->translate(at->status(), "list the devices of the archive");
  return devices;
}

Result<ArchiveStats> ArchiveReader::stats() const {
  const auto opened = store_->find();
  if (!opened) return opened.status();
  const Opened& at = **opened;
  const auto entries = at.count();
  if (!entries) return entries.status();
  ArchiveStats stats{.entries = *entries, .file_bytes = 0, .memory_bytes = 0};
  at.db->GetIntProperty(at.entries, rocksdb::DB::Properties::kTotalSstFilesSize, &stats.file_bytes);
  at.db->GetIntProperty(at.entries, rocksdb::DB::Properties::kCurSizeAllMemTables,
                        &stats.memory_bytes);
  return stats;
}

}  // namespace bora::raw
