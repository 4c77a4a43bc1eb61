#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bora/clock.hpp"
#include "bora/gauge.hpp"
#include "bora/message_id.hpp"
#include "bora/partition_lag.hpp"

namespace bora {

/// Counts of durations in log-linear buckets: 16 per power of two of nanoseconds, so a percentile is
/// at most 6.25 % above the true value. Plain data; see internal::Histogram for the recording side.
struct HistogramSnapshot {
  static constexpr std::size_t kBuckets =
      16 * 37;  ///< up to 2^40 ns, 18 minutes; longer ones clamp
  std::array<std::uint64_t, kBuckets> buckets{};
  std::uint64_t count = 0;
  std::uint64_t sum_ns = 0;

  [[nodiscard]] static std::size_t bucket_of(std::uint64_t ns) noexcept;
  /// Largest duration that falls into `bucket`.
  [[nodiscard]] static std::uint64_t upper_bound_ns(std::size_t bucket) noexcept;
  /// The duration that a share `q` (0..1) of all recorded ones does not exceed; zero when empty.
  [[nodiscard]] std::chrono::nanoseconds percentile(double q) const noexcept;
  void merge(const HistogramSnapshot& other) noexcept;
};

/// One entry of a component's last errors.
struct ErrorEntry {
  WallTime at{};
  std::uint32_t task = 0;
  std::string text;
  std::uint64_t times = 1;  ///< How often the same text came in a row.
};

struct StreamMetrics {
  std::string stream;
  std::uint64_t emitted = 0;
};

struct TaskMetricsSnapshot {
  std::string component;
  std::uint32_t task = 0;
  bool is_spout = false;
  std::uint64_t executed = 0;   ///< Bolts: tuples taken by execute().
  std::uint64_t failed = 0;     ///< Bolts: of these, the ones that threw. Spouts: trees failed.
  std::uint64_t acked = 0;      ///< Spouts: trees completed.
  std::uint64_t opened = 0;     ///< Spouts: messages emitted; opened = acked + failed + in_flight.
  std::uint64_t in_flight = 0;  ///< Spouts.
  std::vector<StreamMetrics> streams;
  std::vector<Gauge> gauges;        ///< The component's own, see Component::gauges().
  std::string source;               ///< Spouts: what they read, such as the name of a topic.
  std::vector<PartitionLag> lags;   ///< Spouts whose source knows.
  HistogramSnapshot queue;          ///< Per tuple: handed over -> taken.
  HistogramSnapshot execute;        ///< Per tuple: the mean of its block.
  HistogramSnapshot complete;       ///< Spouts, per message: emitted -> done.
  std::uint64_t queued_blocks = 0;  ///< Blocks waiting in its input rings, now.
  std::uint64_t busy_ns = 0;  ///< Time that its thread has worked (not slept) since the start.
};

/// The oldest message in flight of one spout task, and where it is.
struct OldestInFlight {
  std::string spout;
  std::uint32_t task = 0;
  MessageId id;
  std::chrono::nanoseconds age{};
  std::string where;        ///< "queued for archive[1]", "executing in parse[0] for 31 s", ...
  std::string component;    ///< The component named in `where`; empty when not known yet.
  std::string source = {};  ///< What `id` is a position of, such as the name of a topic, or empty.
};

struct ComponentErrors {
  std::string component;
  std::vector<ErrorEntry> last;  ///< Oldest first, at most ten.
};

/// What a running topology looks like from outside, at one moment.
struct MetricsSnapshot {
  std::string topology;
  std::vector<TaskMetricsSnapshot> tasks;
  std::vector<ComponentErrors> errors;
  std::vector<OldestInFlight> oldest;
  std::size_t bytes_in_flight = 0;
  /// Executors that have not finished a step for over a second: component and how long.
  std::vector<std::pair<std::string, std::chrono::nanoseconds>> stuck;
};

}  // namespace bora
