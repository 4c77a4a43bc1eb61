#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <thread>
#include <utility>
#include <vector>

#include "bora/bolt.hpp"
#include "bora/spout.hpp"

namespace bora::test {

/// What a CountingSpout and its test share. Thread-safe.
struct Count {
  explicit Count(std::uint64_t how_many) : messages(how_many) {}
  const std::uint64_t messages;  ///< Of each task.
  std::atomic<std::uint64_t> acked{0};
  std::atomic<std::uint64_t> failed{0};
  std::atomic<std::uint64_t> acked_sum{0};  ///< Of the offsets.
  std::atomic<std::uint64_t> wrong{0};      ///< Verdicts on messages that were not in flight.
  std::atomic<std::uint64_t> sent{0};
  std::atomic<int> deactivated{0};
};
using CountPtr = std::shared_ptr<Count>;

/// Emits 0, 1, ... as fast as it may, each as its own message id, and then has finished; retries what
/// fails until it is done, so that every number is acked exactly once.
class CountingSpout final : public Spout<std::uint64_t> {
 public:
  explicit CountingSpout(CountPtr count)
      : count_(std::move(count)), open_(static_cast<std::size_t>(count_->messages), 0) {}

  Next next_batch(std::size_t max) override {
    for (; max > 0 && !retry_.empty(); --max) {
      const std::uint64_t n = retry_.back();
      retry_.pop_back();
      send(n);
    }
    for (; max > 0 && next_ < count_->messages; --max)
      send(next_++);
    if (next_ < count_->messages || !retry_.empty()) return Next::more();
    return done_ == count_->messages ? Next::finished() : Next::idle_until(now_ + poll_);
  }
  Status open(Context& context) override {
    clock_ = &context.clock();
    return {};
  }
  void acked(std::span<const MessageId> ids) override {
    for (const MessageId& id : ids) {
      settle(id);
      ++done_;
      count_->acked_sum += id.offset;
    }
    count_->acked += ids.size();
  }
  void on_deactivate() override { ++count_->deactivated; }
  void failed(const Failure& failure) override {
    settle(failure.id);
    retry_.push_back(failure.id.offset);
    ++count_->failed;
  }

 private:
  void send(std::uint64_t n) {
    ++open_[static_cast<std::size_t>(n)];
    ++count_->sent;
    now_ = clock_->now();
    emit(n, {.offset = n});
  }
  void settle(const MessageId& id) {
    if (open_[static_cast<std::size_t>(id.offset)]-- != 1) ++count_->wrong;
  }

  static constexpr std::chrono::milliseconds poll_{1};
  CountPtr count_;  // with the test
  const Clock* clock_ = nullptr;
  Instant now_{};
  std::uint64_t next_ = 0;
  std::uint64_t done_ = 0;
  std::vector<std::uint8_t> open_;  // by number: in flight
  std::vector<std::uint64_t> retry_;
};

[[nodiscard]] inline auto counting(CountPtr count) {
  return [count] { return CountingSpout{count}; };
}

/// A bolt whose execute() is a function; for functions that are safe to call from every task.
template <class In, class Out = void>
class FunctionBolt final : public Bolt<In, Out> {
 public:
  using Execute = std::function<void(FunctionBolt&, const In&)>;
  explicit FunctionBolt(Execute execute) : execute_(std::move(execute)) {}
  Status open(Context& context) override {
    context_ = &context;
    return {};
  }
  void execute(const In& in) override { execute_(*this, in); }
  [[nodiscard]] Context& context() const noexcept { return *context_; }
  using BoltBase::hold;
  using BoltBase::take;

 private:
  Execute execute_;
  Context* context_ = nullptr;  // valid from open() to close()
};

template <class In, class Out = void>
[[nodiscard]] auto performing(typename FunctionBolt<In, Out>::Execute execute) {
  return [execute] { return FunctionBolt<In, Out>{execute}; };
}

/// Looks every millisecond until `condition` holds, for ten seconds at most. False when it never did.
template <class Condition>
[[nodiscard]] bool eventually(Condition condition) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds{10};
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= until) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
  }
  return true;
}

}  // namespace bora::test
