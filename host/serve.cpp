#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstdlib>
#include <mutex>
#include <utility>

#include "bora/clock.hpp"
#include "host/run.hpp"
#include "host/service_manager.hpp"
#include "host/signals.hpp"

namespace bora::host {

namespace {

constexpr std::chrono::milliseconds kLookEvery{100};

// Set by the signal thread, waited for by the main one.
class StopRequest {
 public:
  void raise() {
    const std::lock_guard lock{mutex_};
    is_raised_ = true;
    raised_.notify_all();
  }
  /// True when raised; waits for it at most `timeout`.
  bool wait(std::chrono::milliseconds timeout) {
    std::unique_lock lock{mutex_};
    return raised_.wait_for(lock, timeout, [this] { return is_raised_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable raised_;
  bool is_raised_ = false;
};

void on_signal(std::uint32_t nth, Log& log, Process& process, StopRequest& request) {
  if (nth == 1) {
    log.info("signal: draining; a second one stops at once");
    request.raise();
    return process.request_stop();
  }
  // A call of user code that never returns cannot be ended in any other way. Nothing is lost: what was
  // not acked comes again.
  if (nth > 2) std::_Exit(1);
  log.warn("second signal: stopping without draining; a third one ends the process on the spot");
  process.hurry();
}

}  // namespace

int serve(Invocation& invocation, Assembly assembly, const std::function<bool(Process&)>& is_done) {
  Log& log = invocation.log;
  Process process{invocation.process, log};
  StopRequest request;
  const SignalWatch signals{[&](std::uint32_t nth) { on_signal(nth, log, process, request); }};
  if (Status started = process.start(std::move(assembly)); !started) {
    if (process.is_stop_requested()) {
      log.info("stopped before it had started", {{"waited_for", started.message()}});
      return 0;
    }
    log.error("cannot start", {{"err", started.message()}});
    return 1;
  }
  const SystemClock clock;
  ServiceManager manager{ServiceManagerOptions::of_environment()};
  if (const Status told = manager.ready(clock.now()); !told)
    log.warn("service manager", {{"err", told.message()}});
  while (!request.wait(kLookEvery)) {
    if (process.is_stop_requested() || process.is_finished() || (is_done && is_done(process)))
      break;
    manager.alive(clock.now());
  }
  manager.stopping();
  return process.stop().drained ? 0 : 1;
}

}  // namespace bora::host
