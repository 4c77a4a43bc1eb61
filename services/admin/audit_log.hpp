#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "bora/status.hpp"

namespace bora::admin {

/// An append-only file of JSON lines, mode 600: who changed what, when, from where. What happened
/// around a crash may be in it twice, under the same number in `change`; nothing is missing.
/// Threads: single-owner.
class AuditLog {
 public:
  /// Fails: kUnavailable.
  [[nodiscard]] static Result<std::unique_ptr<AuditLog>> open(const std::filesystem::path& file);
  ~AuditLog();
  AuditLog(const AuditLog&) = delete;
  AuditLog& operator=(const AuditLog&) = delete;

  /// Durable when it returns. Fails: kUnavailable; then nothing of it is in the file.
  Status append(const std::vector<std::string>& lines);

 private:
  AuditLog(std::filesystem::path file, int descriptor) noexcept;
  Status end_last_line();
  [[nodiscard]] Error failed(const char* tried) const;

  const std::filesystem::path file_;
  const int descriptor_;
};

}  // namespace bora::admin
