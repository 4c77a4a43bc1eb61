#pragma once

#include <filesystem>
#include <mutex>
#include <string>
#include <string_view>

#include "bora/clock.hpp"
#include "bora/status.hpp"

namespace bora::host {

/// An append-only file of JSON lines, mode 600: who asked the control plane for which change, when, and
/// what came of it. "asked" is on disk before the change is made; when the process dies in between, no
/// outcome follows.
/// Threads: thread-safe.
class AuditFile {
 public:
  /// An empty path writes nothing.
  explicit AuditFile(std::filesystem::path file) : file_(std::move(file)) {}

  /// Durable when it returns. Fails: kUnavailable.
  Status append(WallTime at, std::string_view action, std::string_view target,
                std::string_view from, std::string_view outcome);

 private:
  const std::filesystem::path file_;
  std::mutex mutex_;  // one line at a time
};

}  // namespace bora::host
