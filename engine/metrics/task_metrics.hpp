#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "bora/metrics.hpp"
#include "engine/metrics/histogram.hpp"

namespace bora::internal {

/// What one task publishes. The task's executor writes, any thread reads; relaxed throughout, as each
/// number stands alone.
struct TaskMetrics {
  std::atomic<std::uint64_t> executed{0};
  std::atomic<std::uint64_t> failed{0};
  std::atomic<std::uint64_t> acked{0};
  std::atomic<std::uint64_t> opened{0};
  std::vector<std::unique_ptr<std::atomic<std::uint64_t>>> emitted;  // by output stream
  Histogram queue;
  Histogram execute;
  Histogram complete;
};

/// A component's last errors, and when it last reported one. Thread-safe.
class ErrorLog {
 public:
  /// Adds an entry; true when the event should be reported: the component's first, or the first for
  /// ten seconds. An entry with the same task and text as the last one only counts it, and takes over
  /// the detail, such as the message's id.
  bool add(Instant now, WallTime at, std::uint32_t task, std::string text, std::string detail);
  [[nodiscard]] std::vector<ErrorEntry> last() const;

 private:
  static constexpr std::size_t kKept = 10;
  mutable std::mutex mutex_;
  struct Entry {
    ErrorEntry entry;  // its text is without the detail
    std::string detail;
  };
  std::vector<Entry> entries_;  // guarded by mutex_, oldest first
  Instant reported_at_ = Instant::min();
};

}  // namespace bora::internal
