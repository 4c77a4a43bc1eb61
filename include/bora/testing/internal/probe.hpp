#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "bora/bolt.hpp"
#include "bora/component.hpp"
#include "bora/failure.hpp"
#include "bora/spout.hpp"

// The ends of a BoltTester's topology: what feeds the bolt, and what listens to it.
namespace bora::testing::internal {

/// What became of one fed tuple.
struct FedState {
  std::uint32_t acks = 0;
  std::vector<Failure> failures;
};

/// What goes into the bolt under test, and what the engine said of it.
template <class In>
struct ProbeState {
  struct Waiting {
    In tuple;
    std::optional<std::size_t> id;  // none: untracked
  };
  std::deque<Waiting> waiting;
  std::vector<FedState> fed;  // by id
  std::function<void()> wake;
};

template <class In>
class ProbeSpout final : public Spout<In> {
 public:
  explicit ProbeSpout(std::shared_ptr<ProbeState<In>> state) : state_(std::move(state)) {}

  Status open(Context& context) override {
    state_->wake = context.waker();
    return {};
  }
  Next next_batch(std::size_t max) override {
    for (; max > 0 && !state_->waiting.empty(); --max) {
      auto next = std::move(state_->waiting.front());
      state_->waiting.pop_front();
      if (next.id) {
        this->emit(std::move(next.tuple), {.offset = *next.id});
      } else {
        this->emit_untracked(std::move(next.tuple));
      }
    }
    return state_->waiting.empty() ? Next::idle() : Next::more();
  }
  void acked(std::span<const MessageId> ids) override {
    for (const MessageId& id : ids)
      ++state_->fed[id.offset].acks;
  }
  void failed(const Failure& failure) override {
    state_->fed[failure.id.offset].failures.push_back(failure);
  }

 private:
  std::shared_ptr<ProbeState<In>> state_;  // with the tester
};

/// What one output stream brought.
class CapturedBase {
 public:
  virtual ~CapturedBase() = default;
  bool holds = false;            // keep tokens, in place of acking
  std::vector<AckToken> tokens;  // by tuple; consumed ones track nothing
};

template <class T>
class Captured final : public CapturedBase {
 public:
  std::vector<T> tuples;
};

template <class T>
class CaptureBolt final : public Bolt<T> {
 public:
  explicit CaptureBolt(std::shared_ptr<Captured<T>> into) : into_(std::move(into)) {}
  void execute(const T& in) override {
    into_->tuples.push_back(in);
    into_->tokens.push_back(into_->holds ? this->hold() : AckToken{});
  }

 private:
  std::shared_ptr<Captured<T>> into_;  // with the tester
};

}  // namespace bora::testing::internal
