#include "host/service_manager.hpp"

#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace bora::host {

namespace {

// Empty when the environment does not have it.
std::string variable(const char* name) {
  const char* const value =
      std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nobody writes to it
  return value == nullptr ? std::string{} : std::string{value};
}

std::uint64_t number(const std::string& text) {
  std::uint64_t value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  return parsed.ec == std::errc{} && parsed.ptr == text.data() + text.size() ? value : 0;
}

}  // namespace

ServiceManagerOptions ServiceManagerOptions::of_environment() {
  ServiceManagerOptions options{.socket = variable("NOTIFY_SOCKET")};
  // A child inherits the variables; the watchdog of its parent is not its own.
  const std::string pid = variable("WATCHDOG_PID");
  if (pid.empty() || number(pid) == static_cast<std::uint64_t>(::getpid())) {
    options.watchdog_period =
        std::chrono::microseconds{static_cast<std::int64_t>(number(variable("WATCHDOG_USEC")))};
  }
  return options;
}

Status ServiceManager::ready(Instant now) {
  spoke_ = now;
  return tell("READY=1");
}

void ServiceManager::alive(Instant now) {
  if (options_.watchdog_period.count() == 0) return;
  if (spoke_ && now - *spoke_ < options_.watchdog_period / 2) return;
  if (tell("WATCHDOG=1")) spoke_ = now;
}

void ServiceManager::stopping() { static_cast<void>(tell("STOPPING=1")); }

Status ServiceManager::tell(std::string_view message) const {
  if (options_.socket.empty()) return {};
  ::sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (options_.socket.size() >= sizeof(address.sun_path))
    return {ErrorKind::kInvalid, "NOTIFY_SOCKET is too long for a socket: " + options_.socket};
  std::memcpy(address.sun_path, options_.socket.data(), options_.socket.size());
  if (address.sun_path[0] == '@') address.sun_path[0] = '\0';
  const auto length =
      static_cast<::socklen_t>(offsetof(::sockaddr_un, sun_path) + options_.socket.size());

  const int descriptor = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0)
    return {ErrorKind::kInternal, std::string{"could not make a socket: "} + std::strerror(errno)};
  // Never waits: a manager that does not read must not hold up the process that it looks after.
  const auto sent =
      ::sendto(descriptor, message.data(), message.size(), MSG_NOSIGNAL | MSG_DONTWAIT,
               reinterpret_cast<const ::sockaddr*>(&address), length);  // NOLINT: as sockets are
  const int fault = errno;
  ::close(descriptor);
  if (sent >= 0) return {};
  return {ErrorKind::kUnavailable, "could not tell the service manager " + std::string{message} +
                                       " at " + options_.socket + ": " + std::strerror(fault)};
}

}  // namespace bora::host
