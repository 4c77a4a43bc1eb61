#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "bora/clock.hpp"
#include "bora/status.hpp"

namespace bora::host {

/// What a service manager such as systemd asks of the process that it started: see sd_notify(3).
struct ServiceManagerOptions {
  std::string socket = {};  ///< A path, or "@name" of an abstract one. Empty: nobody asks.
  /// The manager kills a process that is silent for longer; 0: it does not.
  std::chrono::microseconds watchdog_period{0};

  /// From NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID of the environment. Requires: nobody changes the
  /// environment meanwhile.
  [[nodiscard]] static ServiceManagerOptions of_environment();
};

/// Tells the service manager how the process is doing (Type=notify, WatchdogSec=). Without one, every
/// call does nothing.
/// Threads: one.
class ServiceManager {
 public:
  explicit ServiceManager(ServiceManagerOptions options) : options_(std::move(options)) {}

  /// The start is over. Fails when the manager cannot be told: it goes on waiting then.
  Status ready(Instant now);
  /// Call it often: it speaks when half of the watchdog's period has passed. A message that is lost is
  /// made good by the next.
  void alive(Instant now);
  /// The drain has begun.
  void stopping();

 private:
  [[nodiscard]] Status tell(std::string_view message) const;

  const ServiceManagerOptions options_;
  std::optional<Instant> spoke_;
};

}  // namespace bora::host
