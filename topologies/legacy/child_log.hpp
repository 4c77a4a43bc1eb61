#pragma once

#include <chrono>
#include <mutex>
#include <string_view>
#include <utility>

#include "connectors/multilang/messages.hpp"
#include "host/assembly.hpp"

namespace bora::legacy {

/// Takes what children say from their threads to the log of the process; drops it while there is none.
/// Threads: write() may be called by any; it does not wait.
class ChildLog final : public host::Service {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "legacy child"; }
  void attach(host::ServiceHost host) override {
    const std::lock_guard lock{mutex_};
    host_ = std::move(host);
  }
  Status start() override { return {}; }
  void stop(std::chrono::milliseconds) override {}

  void write(multilang::LogLevel level, std::string_view text) const {
    const std::lock_guard lock{mutex_};
    if (host_.log) host_.log(host_level(level), text);
  }

 private:
  static host::LogLevel host_level(multilang::LogLevel level) noexcept {
    using Level = multilang::LogLevel;
    switch (level) {
      case Level::kTrace:
      case Level::kDebug: return host::LogLevel::kDebug;
      case Level::kInfo: return host::LogLevel::kInfo;
      case Level::kWarn: return host::LogLevel::kWarn;
      case Level::kError: return host::LogLevel::kError;
    }
    return host::LogLevel::kInfo;
  }

  mutable std::mutex mutex_;
  host::ServiceHost host_;  // guarded by mutex_
};

}  // namespace bora::legacy
