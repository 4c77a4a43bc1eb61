#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "benchmarks/pipeline/raw_archive.hpp"
#include "bora/clock.hpp"
#include "connectors/log/topic_log.hpp"

namespace bora::bench {

/// A topic full of reports, and the same as the database entries that an archive makes of them.
/// Threads: the log is thread-safe; the rest does not change once made.
class RawInput {
 public:
  static constexpr const char* kTopic = "reports";
  static constexpr std::uint64_t kDevices = 1024;

  explicit RawInput(std::uint64_t reports);

  [[nodiscard]] log::TopicLog& log() const noexcept { return *log_; }
  /// In the order in which a source gives them out.
  [[nodiscard]] const std::vector<RawEntry>& entries() const noexcept { return entries_; }

 private:
  void fill(std::uint64_t reports);
  void read_back();

  BenchDirectory directory_;
  SystemClock clock_;
  std::unique_ptr<log::TopicLog> log_;
  std::vector<RawEntry> entries_;
};

}  // namespace bora::bench
