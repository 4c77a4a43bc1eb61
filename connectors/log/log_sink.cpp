#include "connectors/log/log_sink.hpp"

#include <condition_variable>
#include <mutex>
#include <utility>

#include "connectors/log/topic_log.hpp"
#include "connectors/log/topic_log_core.hpp"

namespace bora::log {
namespace {

// The next batch is in the log's queue before the writer is done with the one before, so that it
// never waits for this thread to be scheduled.
constexpr std::size_t kMaxInFlight = 2;

}  // namespace

/// Where the writer thread leaves outcomes. Shared with it.
class LogSink::Mailbox {
 public:
  void sent() {
    const std::lock_guard lock{mutex_};
    ++in_flight_;
  }

  void complete(std::vector<Tag> tags, AppendOutcome outcome) {
    const std::lock_guard lock{mutex_};
    for (std::size_t i = 0; i < tags.size(); ++i) {
      Delivery& delivery = delivered_.emplace_back();
      delivery.tag = tags[i];
      delivery.status = outcome.status;
      if (!outcome.status) continue;
      delivery.partition = outcome.places[i].partition;
      delivery.offset = outcome.places[i].offset;
    }
    --in_flight_;
    changed_.notify_all();
    if (wake_) wake_();  // under the mutex, so that none comes after set_wake({}); it only signals
  }

  std::size_t take(std::vector<Delivery>& out) {
    const std::lock_guard lock{mutex_};
    const std::size_t taken = delivered_.size();
    out.insert(out.end(), std::make_move_iterator(delivered_.begin()),
               std::make_move_iterator(delivered_.end()));
    delivered_.clear();
    return taken;
  }

  [[nodiscard]] std::size_t in_flight() const {
    const std::lock_guard lock{mutex_};
    return in_flight_;
  }

  /// False when the time is over first.
  [[nodiscard]] bool wait_for_room(std::size_t most_in_flight,
                                   std::chrono::steady_clock::time_point deadline) {
    std::unique_lock lock{mutex_};
    return changed_.wait_until(lock, deadline, [&] { return in_flight_ <= most_in_flight; });
  }

  void set_wake(std::function<void()> wake) {
    const std::lock_guard lock{mutex_};
    wake_ = std::move(wake);
  }

 private:
  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::vector<Delivery> delivered_;
  std::size_t in_flight_ = 0;
  std::function<void()> wake_;
};

struct LogSink::Gathered {
  AppendBatch batch;
  std::vector<Tag> tags;
};

LogSink::LogSink(TopicLog& log, LogSinkOptions options)
    : log_(log),
      options_(options),
      mailbox_(std::make_shared<Mailbox>()),
      gathered_(std::make_unique<Gathered>(Gathered{log.new_batch(), {}})) {}

LogSink::~LogSink() { mailbox_->set_wake({}); }

Status LogSink::append(std::string_view topic, Record record, Tag tag) {
  if (gathered_->batch.bytes() >= options_.max_gathered_bytes) {
    submit_gathered();
    if (!gathered_->batch.empty())
      return {ErrorKind::kUnavailable,
              "could not append to topic " + std::string{topic} +
                  ": earlier records still wait for the disk; poll and try again"};
  }
  // While something is under way, its completion wakes a caller that was refused. When nothing is, a
  // refusal would leave the caller without a wake, so one record always gets through.
  const bool is_idle = gathered_->batch.empty() && mailbox_->in_flight() == 0;
  const Status added =
      log_.core().add(gathered_->batch, topic, {&record, 1},
                      is_idle ? TopicLogCore::Room::kGranted : TopicLogCore::Room::kBounded);
  if (!added) return added;
  gathered_->tags.push_back(tag);
  submit_gathered();
  return {};
}

std::size_t LogSink::poll(std::vector<Delivery>& out) {
  submit_gathered();
  return mailbox_->take(out);
}

Status LogSink::flush(std::chrono::milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  bool is_done = mailbox_->wait_for_room(kMaxInFlight - 1, deadline);
  submit_gathered();
  is_done = is_done && mailbox_->wait_for_room(0, deadline);
  if (is_done && gathered_->batch.empty()) return {};
  return {ErrorKind::kUnavailable, "could not flush within " + std::to_string(timeout.count()) +
                                       " ms: records still wait for the disk; try again"};
}

void LogSink::on_delivery(std::function<void()> wake) { mailbox_->set_wake(std::move(wake)); }

void LogSink::submit_gathered() {
  if (gathered_->batch.empty() || mailbox_->in_flight() >= kMaxInFlight) return;
  mailbox_->sent();
  AppendBatch batch = std::exchange(gathered_->batch, log_.new_batch());
  std::vector<Tag> tags = std::exchange(gathered_->tags, {});
  // The tags are also kept here: a log that was closed does not call back.
  const Status queued =
      log_.submit(std::move(batch), [mailbox = mailbox_, tags](AppendOutcome outcome) mutable {
        mailbox->complete(std::move(tags), std::move(outcome));
      });
  if (!queued) mailbox_->complete(std::move(tags), {queued, {}});
}

}  // namespace bora::log
