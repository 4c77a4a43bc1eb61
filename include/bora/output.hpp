#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <type_traits>
#include <typeindex>
#include <utility>
#include <vector>

#include "bora/ack_token.hpp"
#include "bora/check.hpp"
#include "bora/component.hpp"
#include "bora/internal/inline.hpp"
#include "bora/internal/subscription.hpp"

namespace bora {

/// What all output streams have in common.
class OutputBase {
 public:
  OutputBase(const OutputBase&) = delete;
  OutputBase& operator=(const OutputBase&) = delete;

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] std::type_index type() const noexcept { return type_; }
  /// Tuples emitted by this task so far; several consumers count once. Owner's thread.
  [[nodiscard]] std::uint64_t emitted() const noexcept {
    return counted_ == nullptr ? emitted_ : counted_->tuples();
  }

  /// For the engine: which executor emits here.
  void bind(internal::ExecutorContext& context) noexcept { context_ = &context; }

 protected:
  OutputBase(Component* owner, std::string name, std::type_index type)
      : name_(std::move(name)), type_(type) {
    owner->outputs_.push_back(this);
  }
  ~OutputBase() = default;

  std::string name_;
  std::type_index type_;
  internal::ExecutorContext* context_ = nullptr;
  std::uint64_t emitted_ = 0;                    // but for what counted_ counts
  const internal::LaneBase* counted_ = nullptr;  // the only way that tuples take
};

/// A declared output stream of a spout or bolt: a public member of it.
///
///   bora::Output<Alert> alerts{this, "alerts"};
///   alerts.emit(too_hot(in));                 // anchored to the tuple being executed
///
/// Threads: emit only on the component's own thread (from execute(), next_batch(), a timer or a posted
/// function). Outside of execute() plain emits have nothing to be anchored to: give a token.
template <class T>
class Output : public OutputBase {
 public:
  using Tuple = T;

  Output(Component* owner, std::string name) : OutputBase(owner, std::move(name), typeid(T)) {}

  /// Emits, anchored to the tuple being executed: it is done only when this one is, too.
  // Inlined, nobody learns the tuple's address, and nothing is called before it is written: so a small
  // tuple goes from the registers that it was computed in to its block. Through a temporary in memory
  // it would wait for its own stores (partial store forwarding: 13 ns of the 20 that a hop took).
  BORA_ALWAYS_INLINE void emit(const T& tuple) {
    if (only_lane_ != nullptr && only_lane_->has_room()) [[likely]] {
      internal::ExecutorContext& context = *context_;
      const auto frame = context.frame();
      only_lane_->append_to_room(tuple, static_cast<internal::TreeRef>(frame));
      context.add_child_to(frame);
    } else if constexpr (kFitsRegisters) {
      T copy(tuple);
      emit_elsewhere(copy);
    } else {
      emit_elsewhere(tuple);
    }
  }
  /// The same; takes the tuple.
  BORA_ALWAYS_INLINE void emit(T&& tuple) {
    if constexpr (kFitsRegisters) {
      emit(static_cast<const T&>(tuple));
    } else {
      if (only_lane_ != nullptr && only_lane_->has_room()) [[likely]] {
        const auto frame = context_->frame();
        only_lane_->append_to_room(std::move(tuple), static_cast<internal::TreeRef>(frame));
        context_->add_child_to(frame);
      } else {
        emit_elsewhere(std::move(tuple));
      }
    }
  }
  /// Emits, anchored to `token`'s tuple, which stays the token's duty. Requires: the token is not acked,
  /// failed or destroyed before this returns.
  void emit(T tuple, const AckToken& token) {
    emit_under(token.ref(), [&] { emit(std::move(tuple)); });
  }
  /// Emits, anchored to every one of `tokens`.
  void emit(T tuple, std::span<const AckToken* const> tokens);
  /// Emits without an anchor: its loss is not noticed. Shown as such in the plan's counters.
  void emit_unanchored(T tuple) {
    emit_under(internal::kUntracked, [&] { emit(std::move(tuple)); });
  }
  /// Emits to one task of each consumer that subscribed with `direct`, and to nobody else.
  void emit_direct(std::uint32_t task, const T& tuple) {
    ++emitted_;
    for (auto& subscription : subscriptions_) {
      if (subscription->is_direct()) subscription->route_direct(task, tuple);
    }
  }

  /// For the engine.
  void add(std::unique_ptr<internal::Subscription<T>> subscription) {
    subscriptions_.push_back(std::move(subscription));
    const bool one = subscriptions_.size() == 1;
    only_lane_ = one ? subscriptions_[0]->only_lane() : nullptr;
    counted_ = only_lane_;
  }
  [[nodiscard]] internal::Lane<T>* only_lane() noexcept { return only_lane_; }
  /// For spouts: emits a new root's only tuple, which takes over the count that the root was opened
  /// with. False when it is not as simple as that, and nothing was done.
  template <class U>
  BORA_ALWAYS_INLINE bool emit_root(U&& tuple, internal::TreeRef root) {
    if (only_lane_ == nullptr || !only_lane_->has_room()) [[unlikely]]
      return false;
    only_lane_->append_to_room(std::forward<U>(tuple), root);
    return true;
  }

 protected:
  /// Into the next block, by routing, or to several consumers.
  void emit_elsewhere(const T& tuple) {
    if (only_lane_ != nullptr) {
      only_lane_->append(tuple, context_->anchor());
      return context_->add_child();
    }
    ++emitted_;
    for (auto& subscription : subscriptions_)
      subscription->route(tuple);
  }
  void emit_elsewhere(T&& tuple) {
    if (only_lane_ != nullptr) {
      only_lane_->append(std::move(tuple), context_->anchor());
      return context_->add_child();
    }
    ++emitted_;
    for (std::size_t i = 0; i + 1 < subscriptions_.size(); ++i)
      subscriptions_[i]->route(tuple);
    if (!subscriptions_.empty()) subscriptions_.back()->route_owned(tuple);
  }

  internal::Lane<T>* only_lane_ = nullptr;

 private:
  static constexpr bool kFitsRegisters = std::is_trivially_copyable_v<T> && sizeof(T) <= 64;

  template <class Emit>
  void emit_under(internal::TreeRef ref, Emit&& emit_it) {
    context_->guard_frame();  // its children may leave with this emit's block
    // The token keeps its own count: every child raises, and no guard is needed.
    const internal::FrameSwap swap(*context_, ref | internal::ExecutorContext::kGuarded);
    emit_it();
  }

  std::vector<std::unique_ptr<internal::Subscription<T>>> subscriptions_;
};

/// The default output of an InPlaceBolt: `emit(std::move(in))`, of the very tuple that is being executed
/// and with one consumer task, leaves it where it is in memory.
template <class T>
class InPlaceOutput final : public Output<T> {
 public:
  using Output<T>::Output;
  using Output<T>::emit;

  void emit(T&& tuple) {
    internal::ExecutorContext& context = *this->context_;
    if (this->only_lane_ != nullptr && this->only_lane_->may_pass_on(tuple)) {
      this->only_lane_->pass_on(context.anchor());
      context.add_child();
    } else if (this->only_lane_ != nullptr) {
      Output<T>::emit(std::move(tuple));
    } else {
      this->emit_elsewhere(std::move(tuple));
    }
  }
};

namespace internal {
/// Makes a joint of the tokens' trees, each raised by one, with one count of its own.
[[nodiscard]] AckToken join_raised(std::span<const AckToken* const> tokens);
}  // namespace internal

template <class T>
void Output<T>::emit(T tuple, std::span<const AckToken* const> tokens) {
  AckToken joint = internal::join_raised(tokens);
  emit(std::move(tuple), joint);
  std::move(joint).ack();
}

}  // namespace bora
