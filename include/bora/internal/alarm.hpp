#pragma once

#include <functional>
#include <optional>
#include <utility>

#include "bora/clock.hpp"
#include "bora/component.hpp"

namespace bora::internal {

/// One timer of a component that can be set to an earlier time. Threads: the component's own.
class Alarm {
 public:
  void bind(Context& context, std::function<void()> ring) {
    context_ = context;
    ring_ = std::move(ring);
  }
  /// Rings once at `due`, or at the earlier time to which it is set already.
  void set(Instant due, Instant now) {
    if (due_ && *due_ <= due) return;
    due_ = due;
    context_->after(due > now ? due - now : Instant::duration::zero(), [this, due] {
      if (due_ != due) return;  // was set to an earlier time, and rang then
      due_.reset();
      ring_();
    });
  }
  [[nodiscard]] bool rings_by(Instant time) const noexcept { return due_ && *due_ <= time; }

 private:
  std::optional<Context> context_;  // since bind()
  std::function<void()> ring_;
  std::optional<Instant> due_;
};

}  // namespace bora::internal
