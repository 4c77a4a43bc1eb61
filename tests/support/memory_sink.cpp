#include "support/memory_sink.hpp"

#include <utility>

namespace bora::test {

MemorySink::MemorySink(MemoryBroker& broker, MemorySinkOptions options)
    : broker_(broker), options_(options), dice_(options.seed) {}

Status MemorySink::append(std::string_view topic, Record record, Tag tag) {
  if (!broker_.has_topic(topic)) {
    return {ErrorKind::kNotFound, "the topic " + std::string{topic} + " does not exist: create it"};
  }
  if (refused_appends_left_ == 0 && dice_.happens(options_.faults.unavailable)) {
    refused_appends_left_ = 1 + dice_.below(5);
  }
  if (refused_appends_left_ > 0) {
    --refused_appends_left_;
    return {ErrorKind::kUnavailable, "the broker of this test is overloaded"};
  }
  if (is_down_) return {ErrorKind::kUnavailable, "the broker of this test is down"};
  if (queue_.size() >= options_.capacity) return {ErrorKind::kUnavailable, "the queue is full"};
  const std::uint64_t polls = dice_.below(std::uint64_t{options_.faults.slowest} + 1);
  queue_.push_back({std::string{topic}, std::move(record), tag, polls});
  if (!is_held_) wake();
  return {};
}

std::size_t MemorySink::poll(std::vector<Delivery>& out) {
  if (is_down_ || is_held_) return 0;
  const std::size_t before = out.size();
  std::vector<Queued> left;
  for (Queued& queued : queue_) {
    if (queued.polls_left > 0) {
      --queued.polls_left;
      left.push_back(std::move(queued));
    } else {
      out.push_back(deliver(queued));
    }
  }
  queue_ = std::move(left);
  if (!queue_.empty()) wake();
  return out.size() - before;
}

RecordSink::Delivery MemorySink::deliver(Queued& queued) {
  Delivery delivery;
  delivery.tag = queued.tag;
  if (failing_ > 0) {
    --failing_;
    delivery.status = Status{failing_kind_, "this delivery was made to fail"};
    return delivery;
  }
  if (dice_.happens(options_.faults.fail)) {
    delivery.status = Status{ErrorKind::kUnavailable, "the broker of this test went away"};
    return delivery;
  }
  const auto place = broker_.append(queued.topic, std::move(queued.record));
  if (dice_.happens(options_.faults.lose_reply)) {
    delivery.status = Status{ErrorKind::kUnavailable, "the broker's answer was lost"};
    return delivery;
  }
  delivery.partition = place.first;
  delivery.offset = place.second;
  return delivery;
}

Status MemorySink::flush(std::chrono::milliseconds) {
  ++flushes_;
  if (queue_.empty()) return {};
  if (is_down_ || is_held_) return {ErrorKind::kUnavailable, "nothing was delivered in time"};
  for (Queued& queued : queue_)
    queued.polls_left = 0;
  return {};
}

void MemorySink::come_up() {
  is_down_ = false;
  wake();
}

void MemorySink::release() {
  is_held_ = false;
  wake();
}

}  // namespace bora::test
