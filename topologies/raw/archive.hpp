#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <vector>

#include "bora/clock.hpp"
#include "bora/status.hpp"
#include "topologies/coldchain/messages.hpp"
#include "topologies/raw/archive_writer.hpp"

namespace bora::raw {

struct ArchiveStats {
  std::uint64_t entries = 0;
  std::uint64_t file_bytes = 0;    ///< On disk, compressed, without the write-ahead log.
  std::uint64_t memory_bytes = 0;  ///< Written and not yet in a file.
};

/// The entries of one device between two insertion times, oldest first.
///
///   ArchiveScan scan = reader.scan(device, from, to);
///   while (scan.next()) use(scan.entry());
///   if (!scan.status()) return scan.status();
///
/// Sees the archive as it was when the scan was made. Threads: single-owner. Lifetime: dies before its
/// reader. Holds back the removal of old files while it lives: not for keeping.
class ArchiveScan {
 public:
  ArchiveScan(ArchiveScan&&) noexcept;
  ~ArchiveScan();

  /// False at the end and on an error.
  [[nodiscard]] bool next();
  /// The message is borrowed until the following next(). Requires: next() returned true.
  [[nodiscard]] const ArchiveEntry& entry() const noexcept { return entry_; }
  /// kCorrupt when an entry is not what was written, kUnavailable while a disk has failed.
  [[nodiscard]] const Status& status() const noexcept { return status_; }

 private:
  friend class ArchiveReader;
  struct Cursor;
  explicit ArchiveScan(std::unique_ptr<Cursor> cursor) noexcept;
  explicit ArchiveScan(Status failed) noexcept;

  std::unique_ptr<Cursor> cursor_;
  ArchiveEntry entry_;
  Status status_;
};

/// Reads an archive: through the Archive that owns it, or beside the process that does.
///
/// Threads: thread-safe, apart from refresh().
class ArchiveReader {
 public:
  /// Opens the archive at `path` for reading while another process may be writing to it: a RocksDB
  /// secondary instance, which follows the files and the write-ahead log of the owner. Sees every
  /// batch that was complete when it was opened. On the same machine only.
  /// Fails: kNotFound (nothing there), kInvalid (no archive, or of a version that is not known).
  [[nodiscard]] static Result<std::unique_ptr<ArchiveReader>> open(
      const std::filesystem::path& path);
  ~ArchiveReader();

  /// Sees what was written since. Only for a reader made by open(); requires that no scan is alive.
  Status refresh();

  /// Entries. One read: the owner keeps the exact number, changed in the same write as the entries.
  [[nodiscard]] Result<std::uint64_t> count() const;
  /// The same number by walking over every entry, about a million a second.
  [[nodiscard]] Result<std::uint64_t> recount() const;
  /// Entries inserted in [from, to); WallTime::max() as `to` means without end.
  [[nodiscard]] ArchiveScan scan(coldchain::DeviceId device_id, WallTime from = WallTime::min(),
                                 WallTime to = WallTime::max()) const;
  /// Devices with an entry, ascending. One seek for each.
  [[nodiscard]] Result<std::vector<coldchain::DeviceId>> devices() const;
  [[nodiscard]] Result<ArchiveStats> stats() const;

 private:
  friend class Archive;
  friend class ArchiveScan;
  struct Opened;
  struct Store;
  explicit ArchiveReader(std::unique_ptr<Store> store) noexcept;
  std::unique_ptr<Store> store_;
};

struct ArchiveOptions {
  std::filesystem::path path;  ///< A directory of its own; created when missing.

  /// What put() waits for.
  enum class Durability : std::uint8_t {
    kSynced,    ///< On the disk: survives power loss.
    kUnsynced,  ///< Handed to the operating system: survives kill -9, not power loss.
  };
  Durability durability = Durability::kSynced;

  /// Entries held in memory before they become a file. Larger: less compaction; smaller: less memory
  /// and a faster restart.
  std::size_t write_buffer_bytes = std::size_t{64} << 20;
};

/// Every message of a topic as it was received, per device, ordered by insertion time.
///
/// Replay-safe: the key of an entry ends in the partition and offset of its record, and everything in
/// it comes from the record, so the same record put twice leaves one entry. A gateway that sends a
/// report twice makes two records, and they are two entries.
///
/// After a failed write (a full disk) the database is closed, and opened again by the next put(), once
/// no scan of it is left: the archive goes on by itself when the disk does.
///
/// Threads: thread-safe; put() takes one batch at a time, so larger batches are what makes it faster,
/// not more threads. One process owns an archive; others read it with ArchiveReader::open().
class Archive final : public ArchiveWriter {
 public:
  /// Fails: kUnavailable (owned by another process, disk full), kCorrupt, kInvalid (written by a
  /// version that is not known).
  [[nodiscard]] static Result<std::unique_ptr<Archive>> open(const ArchiveOptions& options);
  ~Archive() override;

  Status put(std::span<const ArchiveEntry> entries) override;

  [[nodiscard]] const ArchiveReader& reader() const noexcept { return *reader_; }

 private:
  using Opened = ArchiveReader::Opened;
  struct Writer;
  Archive(std::unique_ptr<ArchiveReader> reader, std::unique_ptr<Writer> writer) noexcept;

  std::unique_ptr<ArchiveReader> reader_;
  std::unique_ptr<Writer> writer_;  ///< Writes to the reader's store; dies first.
};

}  // namespace bora::raw
