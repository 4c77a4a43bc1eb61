#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <utility>
#include <vector>

#include "engine/queue/parker.hpp"

namespace bora::internal {

/// The control lane of an executor: functions to be run on its thread. Data can never hold it up, as
/// it is looked at before any input. Also the place where the executor sleeps, so that whoever may
/// wake it may outlive it.
/// Threads: post() from any thread; take() by the executor.
class Mailbox {
 public:
  using Letter = std::function<void()>;

  /// False, and `letter` is dropped, when the executor has ended.
  bool post(Letter letter) {
    {
      const std::lock_guard lock(mutex_);
      if (closed_) return false;
      letters_.push_back(std::move(letter));
      has_mail_.store(true, std::memory_order_seq_cst);
    }
    parker.wake();
    return true;
  }
  [[nodiscard]] bool has_mail() const noexcept { return has_mail_.load(std::memory_order_seq_cst); }
  [[nodiscard]] std::vector<Letter> take() {
    const std::lock_guard lock(mutex_);
    has_mail_.store(false, std::memory_order_relaxed);
    return std::exchange(letters_, {});
  }
  void close() {
    std::vector<Letter> dropped;  // destroyed outside of the lock: a letter may hold a token
    const std::lock_guard lock(mutex_);
    closed_ = true;
    dropped.swap(letters_);
    has_mail_.store(false, std::memory_order_relaxed);
  }

  Parker parker;

 private:
  std::mutex mutex_;
  std::vector<Letter> letters_;  // guarded by mutex_
  bool closed_ = false;          // guarded by mutex_
  std::atomic<bool> has_mail_{false};
};

}  // namespace bora::internal
