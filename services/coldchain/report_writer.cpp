#include "services/coldchain/report_writer.hpp"

#include <chrono>
#include <utility>

namespace bora::ingest {

namespace {

using namespace std::chrono_literals;

constexpr auto kFullPause = 2ms;
// A sink that wakes nobody is looked at so often.
constexpr auto kLookEvery = 100ms;
constexpr auto kLastFlush = 2s;

}  // namespace

ReportWriter::ReportWriter(std::function<std::unique_ptr<RecordSink>()> make_sink,
                           std::string topic)
    : make_sink_(std::move(make_sink)), topic_(std::move(topic)), thread_([this] { run(); }) {}

ReportWriter::~ReportWriter() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

Status ReportWriter::append(const std::vector<Record>& records, std::function<void(Status)> done) {
  Batch batch{.records = records, .done = std::move(done)};
  for (const Record& record : records)
    batch.bytes += record.value.size();
  {
    const std::lock_guard lock(mutex_);
    if (is_stopping_) return {ErrorKind::kClosed, "the ingest stops"};
    if (queued_bytes_ + batch.bytes > kMostQueuedBytes)
      return {ErrorKind::kUnavailable, "too many reports wait to be written; try again"};
    queued_bytes_ += batch.bytes;
    queue_.push_back(std::move(batch));
  }
  changed_.notify_all();
  return {};
}

void ReportWriter::signal() {
  {
    const std::lock_guard lock(mutex_);
    has_outcomes_ = true;
  }
  changed_.notify_all();
}

std::deque<ReportWriter::Batch> ReportWriter::wait_for_work(bool& is_ending) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, kLookEvery,
                    [this] { return is_stopping_ || has_outcomes_ || !queue_.empty(); });
  has_outcomes_ = false;
  is_ending = is_stopping_;
  return std::exchange(queue_, {});
}

void ReportWriter::run() {
  sink_ = make_sink_();
  sink_->on_delivery([this] { signal(); });
  for (bool is_ending = false; !is_ending;) {
    for (Batch& batch : wait_for_work(is_ending))
      write(std::move(batch));
    collect();
  }
  sink_->flush(kLastFlush).ignore("the deliveries say what became of each record");
  collect();
  for (auto& [tag, unanswered] : waiting_)
    unanswered.done({ErrorKind::kClosed, "the ingest stopped before the brokers answered"});
  waiting_.clear();
  sink_.reset();
}

void ReportWriter::write(Batch batch) {
  const RecordSink::Tag tag = next_tag_++;
  waiting_[tag] = {.records = batch.records.size(), .done = std::move(batch.done)};
  bool is_stopping = false;
  for (Record& record : batch.records) {
    Status taken = sink_->append(topic_, record, tag);
    while (taken.is_retryable() && !is_stopping) {
      collect();
      std::unique_lock lock(mutex_);
      is_stopping = changed_.wait_for(lock, kFullPause, [this] { return is_stopping_; });
      lock.unlock();
      taken = sink_->append(topic_, record, tag);
    }
    if (!taken) settle(tag, std::move(taken));
  }
  const std::lock_guard lock(mutex_);
  queued_bytes_ -= batch.bytes;
}

void ReportWriter::settle(RecordSink::Tag tag, Status outcome) {
  const auto found = waiting_.find(tag);
  if (found == waiting_.end()) return;
  Unanswered& batch = found->second;
  if (batch.failure && !outcome) batch.failure = std::move(outcome);
  if (--batch.records > 0) return;
  batch.done(std::move(batch.failure));
  waiting_.erase(found);
}

void ReportWriter::collect() {
  std::vector<RecordSink::Delivery> outcomes;
  sink_->poll(outcomes);
  for (RecordSink::Delivery& outcome : outcomes)
    settle(outcome.tag, std::move(outcome.status));
}

}  // namespace bora::ingest
