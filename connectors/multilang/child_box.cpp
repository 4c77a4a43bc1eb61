#include "connectors/multilang/child_box.hpp"

#include <iterator>
#include <sys/eventfd.h>
#include <unistd.h>
#include <utility>

#include "bora/check.hpp"

namespace bora::multilang::internal {

ChildBox::ChildBox(std::size_t max_waiting_bytes)
    : max_waiting_bytes_(max_waiting_bytes), wake_fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  BORA_CHECK(wake_fd_.is_open(), "no descriptor for an event is left");
}

void ChildBox::signal() noexcept {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(wake_fd_.get(), &one, sizeof one);
}

void ChildBox::clear_wake() noexcept {
  std::uint64_t count = 0;
  [[maybe_unused]] const auto read = ::read(wake_fd_.get(), &count, sizeof count);
}

void ChildBox::on_event(std::function<void()> wake) {
  const std::lock_guard lock(mutex_);
  wake_ = std::move(wake);
}

void ChildBox::send(std::uint64_t run, std::string message) {
  bool is_first = false;
  {
    const std::lock_guard lock(mutex_);
    is_first = messages_.size() == next_message_;
    messages_.push_back({run, std::move(message)});
  }
  if (is_first) signal();  // else it has been, and they are still to be taken
}

void ChildBox::answer(std::uint64_t run, std::string message) {
  {
    const std::lock_guard lock(mutex_);
    answer_bytes_ += message.size();
    answers_.push_back({run, std::move(message)});
  }
  signal();
}

std::size_t ChildBox::take_events(std::vector<ChildEvent>& out) {
  bool was_full = false;
  std::size_t count = 0;
  {
    const std::lock_guard lock(mutex_);
    count = events_.size();
    out.insert(out.end(), std::make_move_iterator(events_.begin()),
               std::make_move_iterator(events_.end()));
    events_.clear();
    event_bytes_ = 0;
    was_full = std::exchange(is_full_, false);
  }
  if (was_full) signal();
  return count;
}

bool ChildBox::wait_event(std::chrono::milliseconds timeout) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, timeout, [this] { return !events_.empty(); });
}

void ChildBox::stop() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
    wake_ = nullptr;
  }
  changed_.notify_all();
  signal();
}

bool ChildBox::is_stopping() const {
  const std::lock_guard lock(mutex_);
  return is_stopping_;
}

bool ChildBox::has_room() {
  const std::lock_guard lock(mutex_);
  is_full_ = event_bytes_ >= max_waiting_bytes_;
  return !is_full_;
}

void ChildBox::push(ChildEvent event, std::size_t bytes) {
  std::function<void()> wake;
  {
    const std::lock_guard lock(mutex_);
    if (events_.empty()) wake = wake_;
    events_.push_back(std::move(event));
    event_bytes_ += bytes + sizeof(ChildEvent);
  }
  changed_.notify_all();
  if (wake) wake();
}

std::size_t ChildBox::take_answers(std::uint64_t run, std::string& out) {
  const std::lock_guard lock(mutex_);
  std::size_t taken = 0;
  for (const Outgoing& outgoing : answers_) {
    if (outgoing.run != run) continue;
    out += outgoing.message;
    ++taken;
  }
  answers_.clear();
  answer_bytes_ = 0;
  return taken;
}

void ChildBox::take_messages(std::uint64_t run, std::size_t max_messages, std::size_t max_bytes,
                             std::string& out) {
  const std::lock_guard lock(mutex_);
  const std::size_t begin = out.size();
  while (next_message_ < messages_.size() && max_messages > 0 && out.size() - begin < max_bytes) {
    const Outgoing& outgoing = messages_[next_message_++];
    if (outgoing.run != run) continue;
    out += outgoing.message;
    --max_messages;
  }
  if (next_message_ == messages_.size()) {
    messages_.clear();
    next_message_ = 0;
  }
}

std::size_t ChildBox::answer_bytes() {
  const std::lock_guard lock(mutex_);
  return answer_bytes_;
}

bool ChildBox::wait_stop(std::chrono::milliseconds timeout) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, timeout, [this] { return is_stopping_; });
}

}  // namespace bora::multilang::internal
