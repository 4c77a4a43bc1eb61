#include "services/gateway/publishers.hpp"

#include <ostream>
#include <utility>

namespace bora::gateway {

Status LinePublisher::publish(const SimulatedRecord& record) {
  out_ << record.value << '\n';
  if (out_) return {};
  return {ErrorKind::kClosed,
          "could not write to the output; its reader is gone or the disk is full"};
}

Status LinePublisher::finish() {
  out_.flush();
  if (out_) return {};
  return {ErrorKind::kClosed,
          "could not write to the output; its reader is gone or the disk is full"};
}

Status TopicPublisher::publish(const SimulatedRecord& record) {
  Record out;
  out.key = record.key;
  out.value = record.value;
  Status appended = sink_.append(topic_, std::move(out), 0);
  if (appended) ++waiting_;
  collect();
  if (!first_failure_) return first_failure_;
  return appended;
}

Status TopicPublisher::finish() {
  constexpr std::chrono::milliseconds kMostWait{30'000};
  const Status flushed = sink_.flush(kMostWait);
  collect();
  if (!first_failure_) return first_failure_;
  if (!flushed) return flushed;
  if (waiting_ == 0) return {};
  return {ErrorKind::kUnavailable, std::to_string(waiting_) + " records for topic " + topic_ +
                                       " were not delivered in time"};
}

void TopicPublisher::collect() {
  deliveries_.clear();
  sink_.poll(deliveries_);
  waiting_ -= deliveries_.size();
  for (const RecordSink::Delivery& delivery : deliveries_) {
    if (delivery.status || !first_failure_) continue;
    // Not retryable from here: this record is one of those taken before.
    first_failure_ = Status{ErrorKind::kInternal,
                            "a record for topic " + topic_ +
                                " was not delivered: " + std::string{delivery.status.message()}};
  }
}

Status HttpPublisher::publish(const SimulatedRecord& record) {
  const auto response = client_.post(target_, record.value);
  if (!response) return response.status();
  const int code = response->status;
  if (code == 202) return {};
  const std::string answer =
      "the endpoint " + target_ + " answered " + std::to_string(code) + ": " + response->body;
  if (code == 429 || code >= 500) return {ErrorKind::kUnavailable, answer};
  if ((code == 400 || code == 413) && record.rejected) {
    ++refused_;
    return {};
  }
  return {ErrorKind::kInvalid, answer};
}

}  // namespace bora::gateway
