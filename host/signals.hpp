#pragma once

#include <cstdint>
#include <functional>
#include <thread>

namespace bora::host {

/// While it lives, SIGTERM and SIGINT call `on_signal` instead of ending the process, and SIGPIPE is
/// ignored. A handler that writes to a descriptor does the receiving, so it does not matter which
/// threads exist already or what they block.
/// Threads: `on_signal` runs on a thread of the watch, one call at a time. One watch per process.
class SignalWatch {
 public:
  /// `nth` counts the signals: 1 for the first.
  explicit SignalWatch(std::function<void(std::uint32_t nth)> on_signal);
  ~SignalWatch();  ///< Gives the signals their former actions back.
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;

 private:
  void work();

  std::function<void(std::uint32_t)> on_signal_;
  std::thread thread_;
};

}  // namespace bora::host
