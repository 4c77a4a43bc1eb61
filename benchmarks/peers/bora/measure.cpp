#include "benchmarks/peers/bora/measure.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <fstream>
#include <string>
#include <sys/resource.h>
#include <thread>

namespace bora::peers {

namespace {
using std::chrono::steady_clock;
constexpr std::uint64_t kSamplesPerSecond = 1'000'000;

double seconds_since(steady_clock::time_point begin) {
  return std::chrono::duration<double>(steady_clock::now() - begin).count();
}
}  // namespace

Progress::Counter& Progress::counter() {
  const std::lock_guard lock{mutex_};
  return counters_.emplace_back();
}

std::uint64_t Progress::total() const {
  const std::lock_guard lock{mutex_};
  std::uint64_t total = 0;
  for (const Counter& counter : counters_)
    total += counter.get();
  return total;
}

Latencies::Latencies(const Options& options, std::uint64_t outputs)
    : stride_(options.rate * outputs <= kSamplesPerSecond
                  ? 1
                  // Odd, so that it does not always hit the same place of a burst.
                  : options.rate * outputs / kSamplesPerSecond | 1U) {
  if (!options.is_paced()) return;
  const double each_second =
      static_cast<double>(options.rate * outputs) / static_cast<double>(stride_);
  // Touched now: a page fault while recording would be a latency of its own.
  samples_.resize(static_cast<std::size_t>(each_second * options.seconds) + 10'000);
  samples_.clear();
}

std::vector<std::int64_t> measured_lateness(const bench::OpenLoop& schedule,
                                            const Options& options) {
  const std::vector<std::int64_t>& all = schedule.lateness_ns();
  const double cold = options.warmup / options.all_seconds() * static_cast<double>(all.size());
  return {all.begin() + static_cast<std::ptrdiff_t>(cold), all.end()};
}

Measured measure(const Options& options, const std::function<std::uint64_t()>& completed,
                 const std::function<bool()>& is_over) {
  Measured result;
  const auto begin = steady_clock::now();
  double measured_from = 0;
  double cpu_from = cpu_seconds();
  std::uint64_t completed_from = completed();
  bool is_warm = options.warmup <= 0;
  std::uint64_t last = 0;
  double next_second = 1;
  for (;;) {
    const double next_mark = is_warm ? options.all_seconds() : options.warmup;
    const double left = std::min({next_mark, next_second}) - seconds_since(begin);
    if (left > 0) std::this_thread::sleep_for(std::chrono::duration<double>(std::min(left, 0.002)));
    const double now = seconds_since(begin);
    const bool ends = now >= options.all_seconds() || is_over();
    const std::uint64_t count = completed();
    if (now >= next_second || ends) {
      result.per_second.push_back(count - last);
      last = count;
      next_second += 1;
    }
    if (!is_warm && now >= options.warmup) {
      is_warm = true;
      measured_from = now;
      cpu_from = cpu_seconds();
      completed_from = count;
    }
    if (!ends) continue;
    result.seconds = now - measured_from;
    result.completed = count - completed_from;
    result.cpu_seconds = cpu_seconds() - cpu_from;
    return result;
  }
}

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

std::uint64_t peak_rss_bytes() {
  // ru_maxrss begins with what the process that started this one had.
  std::ifstream status{"/proc/self/status"};
  for (std::string line; std::getline(status, line);)
    if (line.rfind("VmHWM:", 0) == 0) return std::stoull(line.substr(6)) * 1024;
  return 0;
}

bool wait_until(const std::function<bool()>& is_true) {
  const auto begin = steady_clock::now();
  while (!is_true()) {
    if (seconds_since(begin) > 60) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
  }
  return true;
}

}  // namespace bora::peers
