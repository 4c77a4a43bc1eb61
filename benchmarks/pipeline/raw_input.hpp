#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "bora/clock.hpp"
#include "connectors/log/topic_log.hpp"

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

/// A topic full of reports, and the same as the database entries that an archive makes of them.
/// Threads: the log is thread-safe; the rest does not change once made.
class RawInput {
 public:
  static constexpr const char* kTopic = "reports";
  static constexpr std::uint64_t kDevices = 1024;

  struct Entry {
    std::string key;
    std::string value;
  };

  explicit RawInput(std::uint64_t reports);

  [[nodiscard]] log::TopicLog& log() const noexcept { return *log_; }
  /// In the order in which a source gives them out.
  [[nodiscard]] const std::vector<Entry>& entries() const noexcept { return entries_; }

 private:
  void fill(std::uint64_t reports);
  void read_back();

  BenchDirectory directory_;
  SystemClock clock_;
  std::unique_ptr<log::TopicLog> log_;
  std::vector<Entry> entries_;
};

}  // namespace bora::bench
