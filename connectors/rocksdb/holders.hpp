#pragma once
// Private: includes RocksDB. For .cpp files of connectors and topologies, and private headers.

#include <atomic>
#include <filesystem>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include "bora/status.hpp"
#include "connectors/rocksdb/errors.hpp"
#include "connectors/rocksdb/options.hpp"

namespace bora::store {

/// The bytes of a view, as RocksDB takes them. Borrowed.
[[nodiscard]] inline rocksdb::Slice slice(std::string_view bytes) noexcept {
  return {bytes.data(), bytes.size()};
}
[[nodiscard]] inline std::string_view view(const rocksdb::Slice& bytes) noexcept {
  return {bytes.data(), bytes.size()};
}

/// An open RocksDB database with its families.
///
///   auto db = Database::open({.path = "./data/raw", .families = {{.name = "raw"}}});
///   rocksdb::WriteBatch batch;
///   batch.Put((*db)->family("raw"), key, value);
///   Status written = (*db)->write({}, batch, "archive readings");
///
/// Threads: thread-safe, as rocksdb::DB is. Lifetime: iterators die before it.
class Database {
 public:
  /// Opens, creating directory, database and missing families. A family that exists on disk and is
  /// not named is opened with default options.
  /// Fails: kUnavailable (locked by another process, disk full), kCorrupt, kInvalid (not a directory).
  [[nodiscard]] static Result<std::unique_ptr<Database>> open(const DatabaseOptions& options);

  /// Opens an existing database that no process writes to meanwhile; writes fail, nothing is created.
  /// Fails: kNotFound when there is none.
  [[nodiscard]] static Result<std::unique_ptr<Database>> open_read_only(
      const DatabaseOptions& options);

  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  [[nodiscard]] rocksdb::DB* operator->() const noexcept { return db_.get(); }
  [[nodiscard]] rocksdb::DB& get() const noexcept { return *db_; }
  /// Requires: the family was named when opening.
  [[nodiscard]] rocksdb::ColumnFamilyHandle* family(std::string_view name) const;
  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

  /// Writes the batch whole or not at all. After a failure the database takes no more writes, whatever
  /// became of the disk: close it, and open it again.
  Status write(const rocksdb::WriteOptions& options, rocksdb::WriteBatch& batch,
               std::string_view tried);
  [[nodiscard]] bool has_failed() const noexcept { return failed_.load(); }

  /// translate() with this database's path.
  [[nodiscard]] Status translate(const rocksdb::Status& status, std::string_view tried) const {
    return status.ok() ? Status{} : store::translate(status, tried, path_);
  }

 private:
  Database(std::filesystem::path path, std::unique_ptr<rocksdb::DB> db,
           std::vector<rocksdb::ColumnFamilyHandle*> families) noexcept
      : path_(std::move(path)), db_(std::move(db)), families_(std::move(families)) {}

  std::filesystem::path path_;
  std::unique_ptr<rocksdb::DB> db_;
  std::atomic<bool> failed_{false};
  std::vector<rocksdb::ColumnFamilyHandle*> families_;  ///< Owned; given back before db_ closes.
};

}  // namespace bora::store
