#include "services/admin/audit_log.hpp"

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace bora::admin {

namespace {

bool write_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace

AuditLog::AuditLog(std::filesystem::path file, int descriptor) noexcept
    : file_(std::move(file)), descriptor_(descriptor) {}

AuditLog::~AuditLog() { ::close(descriptor_); }

Error AuditLog::failed(const char* tried) const {
  return {ErrorKind::kUnavailable, std::string{"could not "} + tried + " the audit log " +
                                       file_.string() + ": " +
                                       std::generic_category().message(errno)};
}

Result<std::unique_ptr<AuditLog>> AuditLog::open(const std::filesystem::path& file) {
  const int descriptor =
      ::open(file.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (descriptor < 0)
    return Error{ErrorKind::kUnavailable, "could not open the audit log " + file.string() + ": " +
                                              std::generic_category().message(errno)};
  std::unique_ptr<AuditLog> log{new AuditLog{file, descriptor}};
  if (Status s = log->end_last_line(); !s) return s;
  return log;
}

// A crash may have left half a line: it stays, and the next one begins on a line of its own.
Status AuditLog::end_last_line() {
  const ::off_t size = ::lseek(descriptor_, 0, SEEK_END);
  char last = '\n';
  if (size < 0 || (size > 0 && ::pread(descriptor_, &last, 1, size - 1) != 1))
    return failed("read");
  if (last != '\n' && !write_all(descriptor_, "\n")) return failed("write to");
  return {};
}

Status AuditLog::append(const std::vector<std::string>& lines) {
  if (lines.empty()) return {};
  std::string text;
  for (const std::string& line : lines)
    text += line + "\n";
  const ::off_t before = ::lseek(descriptor_, 0, SEEK_END);
  if (before < 0) return failed("read");
  if (write_all(descriptor_, text) && ::fdatasync(descriptor_) == 0) return {};
  Error error = failed("write to");
  // The caller appends it all again: half of it must not stay.
  if (::ftruncate(descriptor_, before) != 0) error.message += " (and part of it was written)";
  return error;
}

}  // namespace bora::admin
