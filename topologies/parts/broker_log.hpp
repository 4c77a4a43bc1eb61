#pragma once

#include <mutex>
#include <string_view>
#include <utility>

#include "host/assembly.hpp"

namespace bora::parts {

/// Takes the lines of librdkafka from its threads to the log of the process that the part runs in; drops
/// them while there is none.
/// Threads: thread-safe; no call waits for output.
class BrokerLog {
 public:
  void attach(host::ServiceHost host) {
    const std::lock_guard lock{mutex_};
    host_ = std::move(host);
  }
  /// Whether somebody reads along, who also says when to stop.
  [[nodiscard]] bool is_attached() const {
    const std::lock_guard lock{mutex_};
    return host_.log != nullptr && host_.is_stopping != nullptr;
  }
  [[nodiscard]] bool is_stopping() const {
    const std::lock_guard lock{mutex_};
    return host_.is_stopping != nullptr && host_.is_stopping();
  }
  void write(host::LogLevel level, std::string_view event) const {
    const std::lock_guard lock{mutex_};
    if (host_.log) host_.log(level, event);
  }
  /// librdkafka calls errors what it goes on from by itself: they are warnings here.
  void write_syslog(int level, std::string_view line) const {
    constexpr int kWarning = 4;
    constexpr int kDebug = 7;
    write(level <= kWarning ? host::LogLevel::kWarn
          : level < kDebug  ? host::LogLevel::kInfo
                            : host::LogLevel::kDebug,
          line);
  }

 private:
  mutable std::mutex mutex_;
  host::ServiceHost host_;  // guarded by mutex_
};

}  // namespace bora::parts
