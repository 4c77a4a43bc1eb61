#include "connectors/rocksdb/holders.hpp"

#include <algorithm>
#include <string>
#include <system_error>
#include <utility>

#include <rocksdb/cache.h>
#include <rocksdb/compaction_filter.h>
#include <rocksdb/env.h>
#include <rocksdb/listener.h>
#include <rocksdb/options.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/table.h>

#include "connectors/rocksdb/info_log.hpp"

namespace bora::store {
namespace {

constexpr std::string_view kDefaultFamily = "default";
constexpr std::uint64_t kExpiryPeriodSeconds = 24 * 60 * 60;

class ExpiryFilter final : public rocksdb::CompactionFilter {
 public:
  explicit ExpiryFilter(std::function<bool(std::string_view)> is_expired)
      : is_expired_(std::move(is_expired)) {}
  bool Filter(int, const rocksdb::Slice& key, const rocksdb::Slice&, std::string*,
              bool*) const override {
    return is_expired_(view(key));
  }
  const char* Name() const override { return "bora.expiry"; }

 private:
  std::function<bool(std::string_view)> is_expired_;
};

/// A filter for each compaction: RocksDB owns them, and the factory lives as long as its database.
class ExpiryFilterFactory final : public rocksdb::CompactionFilterFactory {
 public:
  explicit ExpiryFilterFactory(std::function<bool(std::string_view)> is_expired)
      : is_expired_(std::move(is_expired)) {}
  std::unique_ptr<rocksdb::CompactionFilter> CreateCompactionFilter(
      const rocksdb::CompactionFilter::Context&) override {
    return std::make_unique<ExpiryFilter>(is_expired_);
  }
  const char* Name() const override { return "bora.expiry"; }

 private:
  std::function<bool(std::string_view)> is_expired_;
};

rocksdb::ColumnFamilyOptions family_options(const FamilyOptions& family,
                                            const std::shared_ptr<rocksdb::Cache>& cache) {
  rocksdb::ColumnFamilyOptions options;
  options.write_buffer_size = family.write_buffer_bytes;
  options.max_write_buffer_number = 3;
  options.compression =
      family.compression == Compression::kLz4 ? rocksdb::kLZ4Compression : rocksdb::kNoCompression;
  if (family.ascending_prefix_bytes > 0)
    options.memtable_insert_with_hint_prefix_extractor.reset(
        rocksdb::NewFixedPrefixTransform(family.ascending_prefix_bytes));
  if (family.is_expired) {
    options.compaction_filter_factory = std::make_shared<ExpiryFilterFactory>(family.is_expired);
    options.periodic_compaction_seconds = kExpiryPeriodSeconds;
  }

  rocksdb::BlockBasedTableOptions table;
  table.block_cache = cache;
  table.block_size = family.block_bytes;
  table.format_version = 5;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

/// Keeps RocksDB from going on by itself after a failed write: 7.8 then writes to the log that failed
/// (facebook/rocksdb issue 11643). Opening again is the way to go on.
class NoAutomaticRecovery final : public rocksdb::EventListener {
 public:
  void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason, rocksdb::Status,
                            bool* auto_recovery) override {
    *auto_recovery = false;
  }
};

rocksdb::DBOptions database_options(const DatabaseOptions& house) {
  rocksdb::DBOptions options;
  options.max_background_jobs = house.background_jobs;
  options.max_total_wal_size = house.max_wal_bytes;
  options.info_log = open_info_log(house.path);
  options.listeners.push_back(std::make_shared<NoAutomaticRecovery>());
  options.max_bgerror_resume_count = 0;
  // Steady background writing instead of bursts that stall a later foreground sync.
  options.bytes_per_sync = 1u << 20;
  return options;
}

using Descriptors = std::vector<rocksdb::ColumnFamilyDescriptor>;

bool has_family(const Descriptors& descriptors, std::string_view name) {
  return std::any_of(descriptors.begin(), descriptors.end(),
                     [&](const auto& descriptor) { return descriptor.name == name; });
}

/// What the caller named, "default", and what else is on disk: RocksDB opens all or nothing.
Descriptors descriptors_of(const DatabaseOptions& house) {
  const auto cache = rocksdb::NewLRUCache(house.block_cache_bytes);
  Descriptors descriptors;
  for (const FamilyOptions& family : house.families)
    descriptors.emplace_back(family.name, family_options(family, cache));
  const auto add_missing = [&](std::string_view name) {
    if (has_family(descriptors, name)) return;
    FamilyOptions defaults;
    defaults.name = std::string{name};
    descriptors.emplace_back(defaults.name, family_options(defaults, cache));
  };
  add_missing(kDefaultFamily);
  std::vector<std::string> on_disk;
  const rocksdb::Status listed =
      rocksdb::DB::ListColumnFamilies(rocksdb::DBOptions{}, house.path.string(), &on_disk);
  if (listed.ok())  // Otherwise there is no database yet, or opening reports what is wrong with it.
    for (const std::string& name : on_disk)
      add_missing(name);
  return descriptors;
}

}  // namespace

Result<std::unique_ptr<Database>> Database::open(const DatabaseOptions& options) {
  std::error_code failed;
  std::filesystem::create_directories(options.path, failed);
  if (failed)
    return Error{ErrorKind::kInvalid, "could not create the directory " + options.path.string() +
                                          ": " + failed.message() +
                                          "; check the path and its permissions"};
  rocksdb::DBOptions db_options = database_options(options);
  db_options.create_if_missing = true;
  db_options.create_missing_column_families = true;
  rocksdb::DB* db = nullptr;
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  const rocksdb::Status opened =
      rocksdb::DB::Open(db_options, options.path.string(), descriptors_of(options), &handles, &db);
  if (!opened.ok()) return store::translate(opened, "open the database", options.path);
  return std::unique_ptr<Database>(
      new Database(options.path, std::unique_ptr<rocksdb::DB>(db), std::move(handles)));
}

Result<std::unique_ptr<Database>> Database::open_read_only(const DatabaseOptions& options) {
  if (!std::filesystem::exists(options.path / "CURRENT"))
    return Error{ErrorKind::kNotFound,
                 "there is no database in " + options.path.string() + "; check the path"};
  rocksdb::DB* db = nullptr;
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  const rocksdb::Status opened = rocksdb::DB::OpenForReadOnly(
      database_options(options), options.path.string(), descriptors_of(options), &handles, &db);
  if (!opened.ok()) return store::translate(opened, "open the database for reading", options.path);
  return std::unique_ptr<Database>(
      new Database(options.path, std::unique_ptr<rocksdb::DB>(db), std::move(handles)));
}

Database::~Database() {
  for (rocksdb::ColumnFamilyHandle* handle : families_)
    db_->DestroyColumnFamilyHandle(handle).PermitUncheckedError();
  // Unsynced writes reach the disk on an orderly close. After a failed write there is nothing to save:
  // the log ends where it failed, and touching it again breaks an assertion of RocksDB.
  if (!has_failed()) db_->FlushWAL(true).PermitUncheckedError();
  db_->Close().PermitUncheckedError();
}

Status Database::write(const rocksdb::WriteOptions& options, rocksdb::WriteBatch& batch,
                       std::string_view tried) {
  const rocksdb::Status written = db_->Write(options, &batch);
  if (!written.ok()) failed_.store(true);
  return translate(written, tried);
}

rocksdb::ColumnFamilyHandle* Database::family(std::string_view name) const {
  for (rocksdb::ColumnFamilyHandle* handle : families_)
    if (handle->GetName() == name) return handle;
  BORA_CHECK(false, "column family that was not named when opening");
  return nullptr;
}

}  // namespace bora::store
