#pragma once
// Private to this folder: includes RocksDB.

#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <rocksdb/db.h>
#include <rocksdb/iterator.h>

#include "connectors/rocksdb/holders.hpp"
#include "topologies/raw/archive.hpp"

namespace bora::raw {
namespace internal {

// Of the family "default".
inline constexpr std::string_view kCountKey = "count";
inline constexpr std::string_view kNextPrefix = "next/";  // + partition -> past its largest offset

// A value is this byte, the measurement time (as in keys) and the message.
inline constexpr char kValueVersion = 1;
inline constexpr std::size_t kValueHeaderBytes = 1 + 8;

inline constexpr const char* kEntriesFamily = "raw";

/// How its owner opens the database.
[[nodiscard]] store::DatabaseOptions database_options(const ArchiveOptions& options);

/// A directory for the secondary's own log, gone with it.
class ScratchDirectory {
 public:
  static Result<ScratchDirectory> make();
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

}  // namespace internal

/// The database while it is open, whoever opened it.
/// Threads: thread-safe, as rocksdb::DB is.
struct ArchiveReader::Opened {
  std::filesystem::path path;
  std::unique_ptr<store::Database> owned;  ///< Exactly one of these two is set.
  std::unique_ptr<internal::Secondary> secondary;
  rocksdb::DB* db = nullptr;
  rocksdb::ColumnFamilyHandle* meta = nullptr;
  rocksdb::ColumnFamilyHandle* entries = nullptr;

  /// As its owner; makes it when it is not there.
  [[nodiscard]] static Result<std::shared_ptr<Opened>> own(const ArchiveOptions& options);
  /// Beside its owner.
  [[nodiscard]] static Result<std::shared_ptr<Opened>> follow(const std::filesystem::path& path);

  [[nodiscard]] Result<std::uint64_t> count() const;
  [[nodiscard]] std::unique_ptr<rocksdb::Iterator> iterate(
      const rocksdb::ReadOptions& options) const {
    return std::unique_ptr<rocksdb::Iterator>{db->NewIterator(options, entries)};
  }
  [[nodiscard]] Status translate(const rocksdb::Status& status, std::string_view tried) const {
    return status.ok() ? Status{} : store::translate(status, tried, path);
  }
  [[nodiscard]] Error unreadable(std::string_view what) const;

 private:
  /// The value of a key of the meta family, if there is one.
  [[nodiscard]] Result<std::optional<std::string>> find_meta(std::string_view key) const;
  /// Whether there is an archive. kInvalid when it is of an unknown version.
  [[nodiscard]] Result<bool> check_format() const;
};

/// Where readers find the database. A failed write closes it, as RocksDB goes on only when it is
/// opened again; until then there is none.
struct ArchiveReader::Store {
  explicit Store(std::shared_ptr<Opened> first) : path(first->path), opened_(std::move(first)) {}

  const std::filesystem::path path;

  /// Kept by whoever reads, for as long as it does.
  [[nodiscard]] Result<std::shared_ptr<Opened>> find() const {
    const std::lock_guard lock{mutex_};
    if (opened_ != nullptr) return opened_;
    return Error{ErrorKind::kUnavailable,
                 "the archive in " + path.string() +
                     " is closed since a write failed, and is opened again "
                     "with the next one; see to the disk, and try again"};
  }
  /// Null to close: for good once nobody reads any more.
  std::shared_ptr<Opened> replace(std::shared_ptr<Opened> by) {
    const std::lock_guard lock{mutex_};
    return std::exchange(opened_, std::move(by));
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<Opened> opened_;  // with those who read, and the writer
};

}  // namespace bora::raw
