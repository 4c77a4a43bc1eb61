#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <utility>

#include "bora/component.hpp"

namespace bora {

/// Runs one function on a component's own thread when something on other threads says that there is
/// work, however often it says so: at most one run is queued at a time, and a signal that comes while
/// it runs queues the next.
///
///   wake_.bind(context.poster(), [this] { take_results(); });     // in open()
///   library.on_result(wake_.signal());                            // called on any thread
///   wake_.unbind();                                               // in close()
///
/// Threads: what signal() returns may be called from any thread and may outlive this object; the rest
/// belongs to the component's thread.
class CoalescedPost {
 public:
  CoalescedPost() = default;
  CoalescedPost(const CoalescedPost&) = delete;
  CoalescedPost& operator=(const CoalescedPost&) = delete;
  ~CoalescedPost() { unbind(); }

  void bind(Poster poster, std::function<void()> run) {
    state_ = std::make_shared<State>();
    state_->poster = std::move(poster);
    state_->run = std::move(run);
  }
  /// After this, signals do nothing.
  void unbind() {
    if (state_ != nullptr) state_->run = nullptr;
    state_.reset();
  }
  /// Requires: bound.
  [[nodiscard]] std::function<void()> signal() const {
    return [state = state_] {
      // acq_rel: partner is the exchange in the posted function. Whoever finds it set knows that the
      // run which clears it comes later and sees what this thread did before.
      if (state->is_queued.exchange(true, std::memory_order_acq_rel)) return;
      const bool queued = state->poster.post([state] {
        state->is_queued.exchange(false, std::memory_order_acq_rel);
        if (state->run) state->run();
      });
      if (!queued) state->is_queued.store(false, std::memory_order_release);
    };
  }

 private:
  struct State {
    std::atomic<bool> is_queued{false};
    Poster poster;
    std::function<void()> run;  // component's thread only
  };
  std::shared_ptr<State> state_;  // with the signals handed out
};

}  // namespace bora
