#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "bora/clock.hpp"
#include "bora/status.hpp"
#include "topologies/coldchain/series_store.hpp"

namespace bora::datapoints {

struct RocksSeriesOptions {
  std::filesystem::path path;
  /// Points older than that are not shown any more, and leave the disk within about a day. 0: kept for
  /// good.
  std::chrono::hours retention{0};
  /// Points held in memory before they become a file, times three at most. Larger: less compaction;
  /// smaller: less memory and a faster restart.
  std::size_t write_buffer_bytes = std::size_t{32} << 20;
  std::size_t block_cache_bytes = std::size_t{32} << 20;
  enum class Durability : std::uint8_t {
    kSynced,    ///< Each batch reaches the disk: survives a loss of power.
    kBuffered,  ///< Each batch reaches the system: survives a crash of the process.
  };
  Durability durability = Durability::kSynced;
};

struct SeriesStats {
  std::uint64_t points = 0;  ///< An estimate: points written twice count twice until compacted.
  std::uint64_t file_bytes = 0;
  std::uint64_t memory_bytes = 0;  ///< Written, not in files yet.
};

/// The embedded store of curves, on RocksDB: one entry for each point.
///
///   auto store = RocksSeries::open({.path = "./data/series"}, clock);
///   (*store)->write(points);
///   auto curve = (*store)->points({.device_id = id, .range = {from, to}});
///
/// Threads: thread-safe. Lifetime: the clock outlives it. One process owns a store.
/// After a failed write it closes the database; the next write opens it again, and readers are told
/// meanwhile that it is unavailable.
class RocksSeries final : public coldchain::SeriesStore, public coldchain::SeriesScanner {
 public:
  /// Fails: kUnavailable (owned by another process, disk full), kCorrupt, kInvalid (written by a version
  /// that is not known).
  [[nodiscard]] static Result<std::unique_ptr<RocksSeries>> open(const RocksSeriesOptions& options,
                                                                 const Clock& clock);
  ~RocksSeries() override;

  Result<std::vector<coldchain::RefusedPoint>> write(
      std::span<const coldchain::SeriesPoint> points) override;
  [[nodiscard]] Result<std::vector<coldchain::SeriesPoint>> points(
      const coldchain::PointQuery& query) override;
  [[nodiscard]] Result<std::vector<coldchain::SeriesInterval>> intervals(
      const coldchain::IntervalQuery& query) override;
  Status scan(const coldchain::SeriesScan& scan,
              const std::function<bool(const coldchain::SeriesPoint&)>& visit) const override;

  [[nodiscard]] Result<SeriesStats> stats() const;
  /// Rewrites every file: what is too old is gone when it returns. Takes as long as reading and writing
  /// the whole store does.
  Status compact();

 private:
  class Impl;
  explicit RocksSeries(std::unique_ptr<Impl> impl) noexcept;
  std::unique_ptr<Impl> impl_;
};

}  // namespace bora::datapoints
