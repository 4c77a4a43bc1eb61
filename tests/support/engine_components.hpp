#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "bora/bolt.hpp"
#include "bora/failure.hpp"
#include "bora/spout.hpp"

namespace bora::test {

/// What a FeedSpout emits, and what it learns. Shared by the test and the spout, on one thread.
template <class T>
struct Feed {
  std::deque<T> waiting;
  std::uint64_t next_offset = 0;  ///< Message ids count from 0.
  std::size_t bytes_each = sizeof(T);
  bool finishes = false;  ///< Says finished() when nothing waits.
  bool untracked = false;
  std::size_t most_in_flight = 0;
  std::vector<std::uint64_t> acked;
  std::vector<Failure> failed;
  std::vector<std::string> calls;  ///< "activate", "deactivate", "drain", "close"
  std::function<void()> wake = [] {};

  void add(std::vector<T> tuples) {
    for (T& tuple : tuples)
      waiting.push_back(std::move(tuple));
    wake();
  }
  void add(T tuple) {
    waiting.push_back(std::move(tuple));
    wake();
  }
  [[nodiscard]] std::vector<std::uint64_t> acked_sorted() const {
    auto sorted = acked;
    std::sort(sorted.begin(), sorted.end());
    return sorted;
  }
  /// How often the engine said anything about a message.
  [[nodiscard]] std::size_t verdicts() const { return acked.size() + failed.size(); }
};

template <class T>
using FeedPtr = std::shared_ptr<Feed<T>>;

template <class T>
[[nodiscard]] FeedPtr<T> feed_of(std::vector<T> tuples = {}) {
  auto feed = std::make_shared<Feed<T>>();
  feed->add(std::move(tuples));
  return feed;
}

/// Emits what its feed holds. With one task only.
template <class T>
class FeedSpout final : public Spout<T> {
 public:
  explicit FeedSpout(FeedPtr<T> feed) : feed_(std::move(feed)) {}

  Status open(Context& context) override {
    feed_->wake = context.waker();
    return {};
  }
  void close() override { feed_->calls.push_back("close"); }
  Next next_batch(std::size_t max) override {
    for (; max > 0 && !feed_->waiting.empty(); --max) {
      T tuple = std::move(feed_->waiting.front());
      feed_->waiting.pop_front();
      if (feed_->untracked) {
        this->emit_untracked(std::move(tuple));
      } else {
        this->emit(std::move(tuple), {.offset = feed_->next_offset++}, feed_->bytes_each);
      }
    }
    feed_->most_in_flight = std::max<std::size_t>(feed_->most_in_flight, this->in_flight());
    if (!feed_->waiting.empty()) return Next::more();
    return feed_->finishes ? Next::finished() : Next::idle();
  }
  void acked(std::span<const MessageId> ids) override {
    for (const MessageId& id : ids)
      feed_->acked.push_back(id.offset);
  }
  void failed(const Failure& failure) override { feed_->failed.push_back(failure); }
  void on_activate() override { feed_->calls.push_back("activate"); }
  void on_deactivate() override { feed_->calls.push_back("deactivate"); }
  void on_drain() override { feed_->calls.push_back("drain"); }

 private:
  FeedPtr<T> feed_;  // with the test
};

/// A factory for TopologyBuilder::spout().
template <class T>
[[nodiscard]] auto feeding(FeedPtr<T> feed) {
  return [feed] { return FeedSpout<T>{feed}; };
}

/// A bolt whose execute() is a function that gets the bolt, too.
template <class In, class Out = void>
class LambdaBolt final : public Bolt<In, Out> {
 public:
  using Execute = std::function<void(LambdaBolt&, const In&)>;
  explicit LambdaBolt(Execute execute) : execute_(std::move(execute)) {}

  Status open(Context& context) override {
    context_ = std::make_unique<Context>(context);
    return {};
  }
  void execute(const In& in) override { execute_(*this, in); }
  void on_idle() override {
    if (idle) idle(*this);
  }
  [[nodiscard]] Context& context() const noexcept { return *context_; }
  using BoltBase::hold;
  using BoltBase::take;

  std::function<void(LambdaBolt&)> idle;

 private:
  Execute execute_;
  std::unique_ptr<Context> context_;
};

/// Factories for TopologyBuilder::bolt().
template <class In, class Out = void>
[[nodiscard]] auto doing(typename LambdaBolt<In, Out>::Execute execute) {
  return [execute] { return LambdaBolt<In, Out>{execute}; };
}

/// The same for a bolt that may pass its input on in place.
template <class T>
class LambdaInPlaceBolt final : public InPlaceBolt<T> {
 public:
  using Execute = std::function<void(LambdaInPlaceBolt&, T&)>;
  explicit LambdaInPlaceBolt(Execute execute) : execute_(std::move(execute)) {}
  void execute(T& in) override { execute_(*this, in); }
  using BoltBase::hold;
  using BoltBase::take;

 private:
  Execute execute_;
};

template <class T>
[[nodiscard]] auto changing(typename LambdaInPlaceBolt<T>::Execute execute) {
  return [execute] { return LambdaInPlaceBolt<T>{execute}; };
}

/// What a CollectBolt's tasks got, by task.
template <class T>
using Collected = std::shared_ptr<std::map<std::uint32_t, std::vector<T>>>;

template <class T>
[[nodiscard]] Collected<T> collected() {
  return std::make_shared<std::map<std::uint32_t, std::vector<T>>>();
}

template <class T>
[[nodiscard]] auto collecting(Collected<T> into) {
  return doing<T>(
      [into](LambdaBolt<T>& bolt, const T& in) { (*into)[bolt.context().task()].push_back(in); });
}

}  // namespace bora::test
