#include "services/gateway/outbox_writer.hpp"

#include <future>
#include <iterator>
#include <utility>

namespace bora::gateway {
namespace {

std::size_t bytes_of(const std::vector<OutboxMessage>& messages) {
  std::size_t bytes = 0;
  for (const OutboxMessage& message : messages)
    bytes += message.text.size();
  return bytes;
}

std::vector<OutboxMessage> with_trace(std::vector<std::string> texts,
                                      const std::string& traceparent) {
  std::vector<OutboxMessage> messages;
  messages.reserve(texts.size());
  for (std::string& text : texts)
    messages.push_back({std::move(text), traceparent});
  return messages;
}

}  // namespace

OutboxWriter::OutboxWriter(std::unique_ptr<Outbox> outbox, Options options, const Clock& clock)
    : outbox_(std::move(outbox)),
      options_(std::move(options)),
      clock_(clock),
      thread_([this] { work(); }) {}

OutboxWriter::~OutboxWriter() { stop(); }

void OutboxWriter::stop() {
  {
    const std::lock_guard lock{mutex_};
    is_stopping_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
}

Status OutboxWriter::submit(std::vector<std::string> texts, Done done, std::string traceparent) {
  std::vector<OutboxMessage> messages = with_trace(std::move(texts), traceparent);
  {
    const std::lock_guard lock{mutex_};
    if (is_stopping_)
      return {ErrorKind::kClosed, "the gateway is stopping; send again when it is back"};
    const std::size_t bytes = bytes_of(messages);
    if (queued_bytes_ > 0 && queued_bytes_ + bytes > options_.max_queued_bytes)
      return {ErrorKind::kUnavailable, "too much waits for the disk; send again later"};
    queued_bytes_ += bytes;
    queue_.push_back({std::move(messages), std::move(done)});
  }
  changed_.notify_one();
  return {};
}

Status OutboxWriter::store(std::vector<std::string> messages, std::string traceparent) {
  std::promise<Status> outcome;
  const Status queued = submit(
      std::move(messages), [&outcome](Status status) { outcome.set_value(std::move(status)); },
      std::move(traceparent));
  return queued ? outcome.get_future().get() : queued;
}

std::uint64_t OutboxWriter::stored() const {
  const std::lock_guard lock{mutex_};
  return stored_;
}

std::uint64_t OutboxWriter::commits() const {
  const std::lock_guard lock{mutex_};
  return commits_;
}

void OutboxWriter::work() {
  for (;;) {
    std::vector<Submission> group;
    {
      std::unique_lock lock{mutex_};
      changed_.wait(lock, [this] { return !queue_.empty() || is_stopping_; });
      if (queue_.empty()) return;
      group.swap(queue_);
      queued_bytes_ = 0;
    }
    commit(group);
  }
}

void OutboxWriter::commit(std::vector<Submission>& group) {
  std::vector<OutboxMessage> all;
  for (const Submission& submission : group)
    all.insert(all.end(), submission.messages.begin(), submission.messages.end());
  const auto append = [this](const std::vector<OutboxMessage>& messages) {
    Status stored = outbox_->append(messages, options_.topic, clock_.wall_now());
    if (stored) {
      const std::lock_guard lock{mutex_};
      stored_ += messages.size();
      ++commits_;
    }
    return stored;
  };
  const Status together = append(all);
  for (Submission& submission : group) {
    // What does not fit together may fit in part.
    Status one = together || group.size() == 1 ? together : append(submission.messages);
    submission.done(std::move(one));
  }
}

}  // namespace bora::gateway
