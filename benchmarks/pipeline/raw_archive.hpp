#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "benchmarks/pipeline/meter.hpp"
#include "benchmarks/pipeline/workload.hpp"
#include "bora/clock.hpp"
#include "connectors/rocksdb/holders.hpp"
#include "topologies/coldchain/messages.hpp"
#include "topologies/raw/archive.hpp"

/// What benchmarks of the raw topology share, wherever its messages come from.
namespace bora::bench {

/// A directory that goes with all it holds.
class BenchDirectory {
 public:
  BenchDirectory();
  ~BenchDirectory();
  BenchDirectory(const BenchDirectory&) = delete;
  BenchDirectory& operator=(const BenchDirectory&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

 private:
  std::filesystem::path path_;
};

/// A message as the entry of a database that the archive makes of it.
struct RawEntry {
  std::string key;
  std::string value;
};
struct RawPlace {
  WallTime inserted{};
  std::uint32_t partition = 0;
  std::int64_t offset = 0;
};
/// Replaces what `entry` holds.
void make_entry(const coldchain::MessageIdentity& identity, const RawPlace& place,
                std::string_view message, RawEntry& entry);

/// A database opened as the archive opens its own.
[[nodiscard]] std::unique_ptr<store::Database> open_database(const std::filesystem::path& path);
/// Writes entries as one batch.
void write_batch(const store::Database& database, const rocksdb::WriteOptions& how,
                 std::span<const RawEntry> entries);
/// What is in an archive's database, read by its bytes.
[[nodiscard]] Checksum checksum_of(const store::Database& database);

/// Tells a meter of what is in the archive, and counts batches on their way.
/// Threads: that of the one archive task; mean_batch() once the topology has stopped.
class MeteredArchive final : public raw::ArchiveWriter {
 public:
  MeteredArchive(raw::ArchiveWriter& inner, Meter& meter) : inner_(inner), meter_(meter) {}
  Status put(std::span<const raw::ArchiveEntry> entries) override;
  [[nodiscard]] std::size_t mean_batch() const noexcept;

 private:
  raw::ArchiveWriter& inner_;
  Meter& meter_;
  std::size_t puts_ = 0;
  std::size_t entries_ = 0;
};

}  // namespace bora::bench
