#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include "bora/check.hpp"
#include "bora/internal/lane.hpp"
#include "bora/internal/task.hpp"

namespace bora {

enum class Grouping : std::uint8_t { kShuffle, kFields, kAll, kGlobal, kDirect, kCustom, kLocal };

/// Which tasks a custom grouping sends one tuple to.
class TaskChoice {
 public:
  explicit TaskChoice(std::uint32_t tasks) : tasks_(tasks) {}
  [[nodiscard]] std::uint32_t tasks() const noexcept { return tasks_; }
  /// Requires: task < tasks().
  void send_to(std::uint32_t task) {
    BORA_CHECK(task < tasks_, "a custom grouping chose a task that does not exist");
    chosen_.push_back(task);
  }
  [[nodiscard]] const std::vector<std::uint32_t>& chosen() const noexcept { return chosen_; }
  void clear() noexcept { chosen_.clear(); }

 private:
  std::uint32_t tasks_;
  std::vector<std::uint32_t> chosen_;
};

namespace internal {

template <class T>
using KeyHash = std::function<std::uint64_t(const T&)>;
template <class T>
using CustomGrouping = std::function<void(const T&, TaskChoice&)>;

/// One consumer component of one producer task's stream of T: picks the consumer's task for each
/// tuple and hands it on. Single-owner: the producer's thread.
template <class T>
class Subscription {
 public:
  virtual ~Subscription() = default;
  /// Requires: the executing frame is the tuple's parent.
  virtual void route(const T& tuple) = 0;
  virtual void route_owned(T& tuple) = 0;
  virtual void route_direct(std::uint32_t task, const T& tuple) = 0;
  [[nodiscard]] virtual bool is_direct() const noexcept = 0;
  /// The lane that every tuple takes unchanged, or null: what outputs use to skip the routing.
  [[nodiscard]] virtual Lane<T>* only_lane() noexcept = 0;
};

/// A bolt with input In that reads a stream of T; each T becomes an In by construction when the types
/// differ (a variant of several streams' types, say).
template <class T, class In>
class SubscriptionTo final : public Subscription<T> {
 public:
  struct Wiring {
    Grouping grouping = Grouping::kShuffle;
    KeyHash<T> hash;
    CustomGrouping<T> custom;
    std::vector<Lane<In>*> lanes;        // by consumer task; with kLocal only that of its own
    ExecutorContext* context = nullptr;  // of the producer
  };

  explicit SubscriptionTo(Wiring wiring)
      : w_(std::move(wiring)), choice_(static_cast<std::uint32_t>(w_.lanes.size())) {}

  void route(const T& tuple) override { dispatch(tuple); }
  void route_owned(T& tuple) override { dispatch(std::move(tuple)); }
  void route_direct(std::uint32_t task, const T& tuple) override {
    BORA_CHECK(task < w_.lanes.size(), "emit_direct() names a task that does not exist");
    send(*w_.lanes[task], tuple);
  }
  [[nodiscard]] bool is_direct() const noexcept override {
    return w_.grouping == Grouping::kDirect;
  }

  [[nodiscard]] Lane<T>* only_lane() noexcept override {
    if constexpr (std::is_same_v<T, In>) {
      const bool routed = w_.grouping == Grouping::kDirect || w_.grouping == Grouping::kCustom;
      if (w_.lanes.size() == 1 && !routed) return w_.lanes[0];
    }
    return nullptr;
  }

 private:
  template <class U>
  void dispatch(U&& tuple) {
    switch (w_.grouping) {
      case Grouping::kShuffle: return send(*w_.lanes[next_task()], std::forward<U>(tuple));
      case Grouping::kFields:
        return send(*w_.lanes[w_.hash(tuple) % w_.lanes.size()], std::forward<U>(tuple));
      case Grouping::kLocal:
      case Grouping::kGlobal: return send(*w_.lanes[0], std::forward<U>(tuple));
      case Grouping::kAll:
        for (Lane<In>* lane : w_.lanes)
          send(*lane, std::as_const(tuple));
        return;
      case Grouping::kCustom:
        choice_.clear();
        w_.custom(tuple, choice_);
        for (std::uint32_t task : choice_.chosen())
          send(*w_.lanes[task], std::as_const(tuple));
        return;
      case Grouping::kDirect: return;  // only emit_direct() reaches it
    }
  }

  template <class U>
  void send(Lane<In>& lane, U&& tuple) {
    if constexpr (std::is_same_v<T, In>) {
      lane.append(std::forward<U>(tuple), w_.context->anchor());
    } else {
      lane.append(In(std::forward<U>(tuple)), w_.context->anchor());
    }
    w_.context->add_child();
  }

  std::uint32_t next_task() noexcept {
    next_ = next_ + 1 < w_.lanes.size() ? next_ + 1 : 0;
    return next_;
  }

  Wiring w_;
  TaskChoice choice_;
  std::uint32_t next_ = 0;
};

}  // namespace internal
}  // namespace bora
