#include "host/audit_file.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "host/log_format.hpp"

namespace bora::host {

Status AuditFile::append(WallTime at, std::string_view action, std::string_view target,
                         std::string_view from, std::string_view outcome) {
  if (file_.empty()) return {};
  const nlohmann::ordered_json json{{"at", format_time(at)},
                                    {"action", action},
                                    {"target", target},
                                    {"from", from},
                                    {"outcome", outcome}};
  const std::string line =
      json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + '\n';
  const std::lock_guard lock{mutex_};
  // Changes are rare: opening the file each time lets others rotate it.
  const int descriptor = ::open(file_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  bool is_written = descriptor >= 0;
  is_written = is_written &&
               ::write(descriptor, line.data(), line.size()) == static_cast<::ssize_t>(line.size());
  is_written = is_written && ::fdatasync(descriptor) == 0;
  const int why = errno;
  if (descriptor >= 0) ::close(descriptor);
  if (is_written) return {};
  return {ErrorKind::kUnavailable, "cannot write the audit log " + file_.string() + ": " +
                                       std::strerror(why) + " (setting control.audit_file)"};
}

}  // namespace bora::host
