#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace bora::admin {

/// A few threads for what takes long: hashing, the disk.
/// Threads: thread-safe. Lifetime: the destructor drops what has not begun.
class WorkPool {
 public:
  WorkPool(std::size_t threads, std::size_t max_waiting);
  ~WorkPool();
  WorkPool(const WorkPool&) = delete;
  WorkPool& operator=(const WorkPool&) = delete;

  /// False: as many as may wait do; `job` was dropped. A job must not throw.
  [[nodiscard]] bool try_submit(std::function<void()> job);
  [[nodiscard]] std::size_t waiting() const;

 private:
  void work();

  const std::size_t max_waiting_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> jobs_;  // guarded by mutex_
  bool is_stopping_ = false;                // guarded by mutex_
  std::vector<std::thread> threads_;
};

}  // namespace bora::admin
