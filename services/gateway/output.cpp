#include "services/gateway/output.hpp"

#include <algorithm>
#include <utility>

#include "bora/retry.hpp"
#include "bora/trace.hpp"

namespace bora::gateway {

Output::Output(Outbox& outbox, MakeSink make_sink, GatewayIdentity identity, OutputOptions options,
               const Clock& clock)
    : outbox_(outbox),
      make_sink_(std::move(make_sink)),
      identity_(identity),
      options_(options),
      clock_(clock) {}

Instant Output::step() {
  if (clock_.now() < not_before_) return not_before_;
  if (!waiting_.empty()) {
    collect();
    if (!waiting_.empty()) look_at_patience();
  }
  // Rows whose removal failed are tried again first: else they would be published again.
  if (waiting_.empty() && !delivered_.empty()) settle();
  if (waiting_.empty() && delivered_.empty() && !is_draining_ && clock_.now() >= not_before_)
    begin_batch();
  return std::max(not_before_, clock_.now() + options_.look_every);
}

bool Output::begin_batch() {
  const auto rows = outbox_.first(options_.max_rows, options_.max_bytes);
  if (!rows) {
    give_up(rows.status());
    return false;
  }
  if (rows->empty() || !is_due(*rows)) return false;
  began_ = clock_.now();
  if (const Status published = publish(*rows); !published) give_up(published);
  return !waiting_.empty();
}

bool Output::is_due(const std::vector<OutboxRow>& rows) const {
  if (failures_ > 0 || rows.size() >= options_.max_rows) return true;
  std::size_t bytes = 0;
  for (const OutboxRow& row : rows)
    bytes += row.message.size();
  if (bytes >= options_.max_bytes / 2) return true;
  // A wall clock that was set back says nothing of how long a row has waited.
  const auto age = clock_.wall_now() - rows.front().timestamp;
  return age >= options_.linger || age < std::chrono::milliseconds{0};
}

Status Output::publish(const std::vector<OutboxRow>& rows) {
  if (sink_ == nullptr) {
    sink_ = make_sink_();
    if (wake_) sink_->on_delivery(wake_);
  }
  for (const OutboxRow& row : rows) {
    Record record;
    record.timestamp = row.timestamp;
    auto report = make_report(identity_, row.message);
    // Input stores nothing of that kind, but a person may: whoever reads the topic says what is wrong
    // with it, in its dead letters, and nothing behind it waits for ever.
    record.value = report ? report->value : row.message;
    if (report) record.key = report->key;
    if (!row.traceparent.empty())
      record.headers.push_back({std::string{kTraceparent}, row.traceparent});
    const auto tag = static_cast<RecordSink::Tag>(row.id);
    if (Status taken = sink_->append(row.topic, std::move(record), tag); !taken) return taken;
    waiting_.insert(row.id);
  }
  return {};
}

void Output::collect() {
  deliveries_.clear();
  sink_->poll(deliveries_);
  Status failure;
  for (RecordSink::Delivery& delivery : deliveries_) {
    const auto id = static_cast<std::int64_t>(delivery.tag);
    waiting_.erase(id);
    if (delivery.status)
      delivered_.push_back(id);
    else if (failure)
      failure = std::move(delivery.status);
  }
  if (!failure) give_up(failure);
}

void Output::settle() {
  if (const Status removed = outbox_.remove(delivered_, clock_.wall_now()); !removed) {
    give_up(removed);
    return;
  }
  delivered_.clear();
  failures_ = 0;
  if (std::exchange(is_in_trouble_, false) && on_event_) on_event_({});
}

void Output::look_at_patience() {
  if (clock_.now() - began_ < options_.patience) return;
  began_ = clock_.now();
  tell(sink_->flush(std::chrono::milliseconds{0}));
}

void Output::give_up(const Status& why) {
  sink_.reset();
  waiting_.clear();
  if (!delivered_.empty() &&
      outbox_.remove(delivered_, clock_.wall_now()))  // else settle() tries again
    delivered_.clear();
  tell(why);
  ++failures_;
  const RetryPolicy pauses{.first_backoff = options_.first_backoff,
                           .max_backoff = options_.max_backoff};
  not_before_ = clock_.now() + pauses.delay_after(failures_, to_uint(identity_.id));
}

void Output::tell(const Status& why) {
  if (why) return;
  const bool is_news = !std::exchange(is_in_trouble_, true);
  constexpr std::chrono::minutes kNotedAnew{1};  // an outage must not wear out the disk
  if (is_news || clock_.now() - noted_ >= kNotedAnew) {
    noted_ = clock_.now();
    outbox_.note_error(std::string{why.message()}, clock_.wall_now())
        .ignore("the disk that does not take it has an error of its own");
  }
  if (is_news && on_event_) on_event_(why);
}

}  // namespace bora::gateway
