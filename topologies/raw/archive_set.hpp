#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "topologies/raw/archive.hpp"

namespace bora::raw {

/// The entries of one device in several archives, oldest first, each once. Use as ArchiveScan.
class ArchiveSetScan {
 public:
  explicit ArchiveSetScan(std::vector<ArchiveScan> scans);

  [[nodiscard]] bool next();
  /// The message is borrowed until the following next(). Requires: next() returned true.
  [[nodiscard]] const ArchiveEntry& entry() const noexcept { return scans_[at_].entry(); }
  [[nodiscard]] const Status& status() const noexcept { return status_; }

 private:
  bool advance(std::size_t scan);
  std::vector<ArchiveScan> scans_;
  std::vector<std::size_t>
      alive_;  // scans with an entry that was not given out yet, or was just now
  std::size_t at_ = 0;
  bool is_started_ = false;
  Status status_;
};

/// Several archives read as one: those of the processes of a consumer group. When a partition moves,
/// its entries go on in its new owner's archive, and what was in work at that moment is in both. Entries
/// of the same partition and offset are one.
///
/// Threads: as ArchiveReader. Lifetime: dies before its readers.
class ArchiveSet {
 public:
  ArchiveSet(const ArchiveReader& one) : readers_{&one} {}  // NOLINT: one archive is a set
  /// Requires: at least one.
  explicit ArchiveSet(std::vector<const ArchiveReader*> readers);

  /// One read for one archive; for several every entry is read, about a million a second.
  [[nodiscard]] Result<std::uint64_t> count() const;
  [[nodiscard]] ArchiveSetScan scan(coldchain::DeviceId device_id, WallTime from = WallTime::min(),
                                    WallTime to = WallTime::max()) const;
  /// Devices with an entry in any archive, ascending.
  [[nodiscard]] Result<std::vector<coldchain::DeviceId>> devices() const;

 private:
  std::vector<const ArchiveReader*> readers_;
};

}  // namespace bora::raw
