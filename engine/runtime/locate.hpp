#pragma once

#include <algorithm>
#include <cstdint>
#include <mutex>
#include <optional>
#include <vector>

#include "bora/internal/tree_ref.hpp"

namespace bora::internal {

/// A question to all executors: where are these trees? Each answers on its own thread, between two
/// steps, from what lies in its rings and blocks; one that does not answer is busy, and that is an
/// answer, too. Costs nothing while nobody asks.
/// Threads: thread-safe.
class LocateRequest {
 public:
  /// `refs` sorted.
  LocateRequest(std::vector<TreeRef> refs, std::size_t executors)
      : refs_(std::move(refs)), queued_for_(refs_.size(), kNowhere), answered_(executors, false) {}

  static constexpr std::uint32_t kNowhere = 0xffff'ffffU;

  [[nodiscard]] bool asks_for(TreeRef ref) const {
    return std::binary_search(refs_.begin(), refs_.end(), ref);
  }
  void found(TreeRef ref, std::uint32_t task) {
    const auto at = std::lower_bound(refs_.begin(), refs_.end(), ref);
    if (at == refs_.end() || *at != ref) return;
    const std::lock_guard lock(mutex_);
    queued_for_[static_cast<std::size_t>(at - refs_.begin())] = task;
  }
  void answered(std::size_t executor) {
    const std::lock_guard lock(mutex_);
    answered_[executor] = true;
  }
  [[nodiscard]] const std::vector<TreeRef>& refs() const noexcept { return refs_; }
  [[nodiscard]] std::uint32_t queued_for(std::size_t i) const {
    const std::lock_guard lock(mutex_);
    return queued_for_[i];
  }
  [[nodiscard]] bool has_answer_of(std::size_t executor) const {
    const std::lock_guard lock(mutex_);
    return answered_[executor];
  }

 private:
  const std::vector<TreeRef> refs_;
  mutable std::mutex mutex_;
  std::vector<std::uint32_t> queued_for_;  // task id; guarded by mutex_
  std::vector<bool> answered_;             // guarded by mutex_
};

}  // namespace bora::internal
