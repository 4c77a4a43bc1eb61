#include "benchmarks/pipeline/open_loop.hpp"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <sys/prctl.h>
#include <time.h>

namespace bora::bench {

namespace {
constexpr std::int64_t kNsPerSecond = 1'000'000'000;
}

std::int64_t monotonic_ns() noexcept {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * kNsPerSecond + now.tv_nsec;
}

OpenLoop::OpenLoop(std::uint64_t rate, double seconds)
    : burst_(std::max<std::uint64_t>(1, rate * static_cast<std::uint64_t>(kIntervalNs) /
                                            static_cast<std::uint64_t>(kNsPerSecond))),
      bursts_(std::max<std::uint64_t>(
          10, static_cast<std::uint64_t>(seconds * 1e9 / static_cast<double>(kIntervalNs)))) {
  lateness_.reserve(bursts_);
}

void OpenLoop::start() {
  prctl(PR_SET_TIMERSLACK, 1UL, 0, 0, 0);
  start_ns_ = monotonic_ns() + kIntervalNs;
}

void OpenLoop::sleep_until_due() const noexcept {
  const std::int64_t due = next_due_ns();
  const timespec until{due / kNsPerSecond, due % kNsPerSecond};
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr) == EINTR) {
  }
}

std::int64_t OpenLoop::begin_burst() {
  const std::int64_t due = next_due_ns();
  ++next_;
  lateness_.push_back(monotonic_ns() - due);
  return due;
}

LatencySamples::LatencySamples(std::uint64_t expected, std::uint64_t skip) : skip_(skip) {
  // Touched now: a page fault while recording would be a latency of its own.
  samples_.resize(expected);
  samples_.clear();
}

double percentile_us(std::vector<std::int64_t> samples_ns, double share) {
  if (samples_ns.empty()) return 0;
  const auto last = static_cast<double>(samples_ns.size() - 1);
  const auto nth = samples_ns.begin() + static_cast<std::ptrdiff_t>(std::llround(last * share));
  std::nth_element(samples_ns.begin(), nth, samples_ns.end());
  return static_cast<double>(*nth) / 1000.0;
}

}  // namespace bora::bench
