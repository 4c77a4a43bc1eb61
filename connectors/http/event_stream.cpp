#include "connectors/http/event_stream.hpp"

#include <utility>

#include "bora/check.hpp"
#include "connectors/http/post_box.hpp"
#include "connectors/http/session.hpp"

namespace bora::http {

namespace internal {

EventQueue::Took EventQueue::push(std::string text) {
  const std::lock_guard lock{mutex_};
  if (is_ended_ || is_cut_) return Took::kClosed;
  if (waiting_.size() + text.size() > most_bytes_) {
    is_cut_ = true;
    waiting_ = {};
    return Took::kBegan;
  }
  const bool was_empty = waiting_.empty();
  waiting_ += text;
  return was_empty ? Took::kBegan : Took::kAdded;
}

void EventQueue::push_heartbeat() {
  const std::lock_guard lock{mutex_};
  if (waiting_.empty() && !is_ended_ && !is_cut_) waiting_ = ": still here\n\n";
}

void EventQueue::end() noexcept {
  const std::lock_guard lock{mutex_};
  is_ended_ = true;
}

EventQueue::Portion EventQueue::take() {
  const std::lock_guard lock{mutex_};
  return {std::exchange(waiting_, {}), is_ended_, is_cut_};
}

bool EventQueue::is_open() const noexcept {
  const std::lock_guard lock{mutex_};
  return !is_ended_ && !is_cut_;
}

}  // namespace internal

namespace {

// Every line of the data has the field's name, and an empty line ends the event.
std::string framed(std::string_view event, std::string_view data) {
  BORA_CHECK(event.find_first_of("\r\n") == std::string_view::npos, "an event's name is one line");
  std::string text;
  text.reserve(event.size() + data.size() + 24);
  text.append("event: ").append(event).append("\ndata: ");
  for (const char c : data) {
    if (c == '\n')
      text += "\ndata: ";
    else if (c != '\r')  // ends a line, too
      text += c;
  }
  return text.append("\n\n");
}

}  // namespace

struct EventStream::End {
  std::shared_ptr<internal::PostBox> box;
  std::weak_ptr<internal::Session> session;
  std::shared_ptr<internal::EventQueue> queue;

  End(std::shared_ptr<internal::PostBox> b, std::weak_ptr<internal::Session> s,
      std::shared_ptr<internal::EventQueue> q) noexcept
      : box(std::move(b)), session(std::move(s)), queue(std::move(q)) {}
  ~End() { close(); }
  End(const End&) = delete;
  End& operator=(const End&) = delete;

  void close() const {
    queue->end();
    tell();
  }
  void tell() const {
    box->post([weak = session] {
      if (const auto alive = weak.lock()) alive->on_events();
    });
  }
};

EventStream::EventStream(std::shared_ptr<internal::PostBox> box,
                         std::weak_ptr<internal::Session> session,
                         std::shared_ptr<internal::EventQueue> queue)
    : end_(std::make_shared<End>(std::move(box), std::move(session), std::move(queue))) {}

bool EventStream::send(std::string_view event, std::string_view data) const {
  switch (end_->queue->push(framed(event, data))) {
    case internal::EventQueue::Took::kClosed: return false;
    case internal::EventQueue::Took::kBegan: end_->tell(); break;
    case internal::EventQueue::Took::kAdded: break;
  }
  return true;
}

bool EventStream::is_open() const noexcept { return end_->queue->is_open(); }
void EventStream::close() const { end_->close(); }

}  // namespace bora::http
