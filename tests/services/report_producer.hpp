#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <utility>

namespace bora::services {

/// Writes reports into a topic by a KafkaSink, from a thread of its own: what is not delivered is brought
/// again, as every owner of a sink does.
/// Threads: everything from any.
class ReportProducer {
 public:
  ReportProducer(std::string brokers, std::string topic, std::uint32_t per_second);
  ~ReportProducer() { stop_appending(); }
  ReportProducer(const ReportProducer&) = delete;
  ReportProducer& operator=(const ReportProducer&) = delete;

  /// Appends no more and waits until all is acknowledged; false when that took over `patience`.
  [[nodiscard]] bool finish(std::chrono::seconds patience);

  [[nodiscard]] std::uint64_t appended() const noexcept { return appended_; }
  /// Partition and offset of each record that was acknowledged. Requires: finished.
  [[nodiscard]] const std::set<std::pair<std::uint32_t, std::int64_t>>& acknowledged() const {
    return acknowledged_;
  }
  /// Deliveries that failed and were brought again.
  [[nodiscard]] std::uint64_t failed() const noexcept { return failed_; }
  /// The longest time without an acknowledgement so far.
  [[nodiscard]] std::chrono::milliseconds longest_silence() const;

 private:
  using SteadyTime = std::chrono::steady_clock::time_point;
  void work();
  void stop_appending();
  void note_acknowledgement();

  const std::string brokers_;
  const std::string topic_;
  const std::uint32_t per_second_;
  std::atomic<std::uint64_t> appended_{0};
  std::atomic<std::uint64_t> failed_{0};
  std::atomic<bool> is_stopping_{false};
  std::atomic<SteadyTime> give_up_{SteadyTime::max()};
  bool is_complete_ = false;                                       // once the thread has ended
  std::set<std::pair<std::uint32_t, std::int64_t>> acknowledged_;  // once the thread has ended
  mutable std::mutex mutex_;
  SteadyTime last_;                       // guarded by mutex_
  std::chrono::milliseconds longest_{0};  // guarded by mutex_
  std::thread thread_;
};

}  // namespace bora::services
