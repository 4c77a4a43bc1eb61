#include "services/admin/outbox.hpp"

#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "topologies/coldchain/registry.hpp"

namespace bora::admin {

namespace {
// A sink may need to be asked although nothing woke us.
constexpr std::chrono::milliseconds kPollEvery{20};
}  // namespace

class Outbox::Impl {
 public:
  Impl(Wiring wiring, OutboxOptions options)
      : wiring_(std::move(wiring)), options_(options), thread_([this] { run(); }) {}
  ~Impl();

  void push(Change change);
  void when_done(std::uint64_t sequence, std::function<void()> done);
  [[nodiscard]] std::size_t open() const;
  [[nodiscard]] bool wait_until_empty(std::chrono::milliseconds timeout) const;

 private:
  enum class Step : std::uint8_t { kWritten, kSent, kDone };
  struct Item {
    Change change;
    Step step = Step::kWritten;
  };

  void run();
  void take_pushed();
  [[nodiscard]] bool write_audit();
  [[nodiscard]] bool send(RecordSink& sink);
  [[nodiscard]] bool receive(RecordSink& sink);
  void finish_done();
  void pause(const std::string& why);
  void rewind();

  Wiring wiring_;
  const OutboxOptions options_;

  // The thread's own.
  std::deque<Item> items_;   // in order; the first is the oldest that has not happened
  std::size_t audited_ = 0;  // items from the front whose line is in the audit log
  std::size_t in_flight_ = 0;
  bool is_failing_ = false;  // a record was refused: wait for the others, then begin again
  std::string failure_;

  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::deque<Change> pushed_;                                    // guarded by mutex_
  std::multimap<std::uint64_t, std::function<void()>> waiting_;  // guarded by mutex_
  std::uint64_t done_ = 0;    // everything up to here has happened; guarded by mutex_
  std::size_t open_ = 0;      // guarded by mutex_
  bool is_woken_ = false;     // guarded by mutex_
  bool is_stopping_ = false;  // guarded by mutex_
  std::thread thread_;        // last: it uses everything above
};

Outbox::Impl::~Impl() {
  {
    const std::lock_guard lock{mutex_};
    is_stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Outbox::Impl::push(Change change) {
  {
    const std::lock_guard lock{mutex_};
    pushed_.push_back(std::move(change));
    ++open_;
  }
  changed_.notify_all();
}

void Outbox::Impl::when_done(std::uint64_t sequence, std::function<void()> done) {
  {
    const std::lock_guard lock{mutex_};
    if (sequence > done_) {
      waiting_.emplace(sequence, std::move(done));
      return;
    }
  }
  done();
}

std::size_t Outbox::Impl::open() const {
  const std::lock_guard lock{mutex_};
  return open_;
}

bool Outbox::Impl::wait_until_empty(std::chrono::milliseconds timeout) const {
  std::unique_lock lock{mutex_};
  return changed_.wait_for(lock, timeout, [this] { return open_ == 0; });
}

void Outbox::Impl::run() {
  const std::unique_ptr<RecordSink> sink = wiring_.make_sink();
  sink->on_delivery([this] {
    {
      const std::lock_guard lock{mutex_};
      is_woken_ = true;
    }
    changed_.notify_all();
  });
  while (true) {
    {
      std::unique_lock lock{mutex_};
      const auto is_due = [this] { return is_stopping_ || is_woken_ || !pushed_.empty(); };
      if (items_.empty()) {
        changed_.wait(lock, is_due);
      } else {
        changed_.wait_for(lock, kPollEvery, is_due);
      }
      if (is_stopping_) return;
      is_woken_ = false;
    }
    take_pushed();
    const bool is_well = receive(*sink) && write_audit() && send(*sink) && receive(*sink);
    finish_done();
    if (!is_well && in_flight_ == 0) {
      pause(failure_);
      rewind();
    }
  }
}

void Outbox::Impl::take_pushed() {
  const std::lock_guard lock{mutex_};
  for (Change& change : pushed_)
    items_.push_back({std::move(change)});
  pushed_.clear();
}

bool Outbox::Impl::write_audit() {
  std::vector<std::string> lines;
  for (std::size_t i = audited_; i < items_.size(); ++i)
    lines.push_back(items_[i].change.audit);
  const Status written = wiring_.audit->append(lines);
  if (!written) {
    failure_ = written.message();
    return false;
  }
  audited_ = items_.size();
  return true;
}

bool Outbox::Impl::send(RecordSink& sink) {
  for (Item& item : items_) {
    if (item.step != Step::kWritten) continue;
    if (!item.change.record) {
      item.step = Step::kDone;
      continue;
    }
    const Status taken =
        sink.append(coldchain::kRegistryTopic, *item.change.record, item.change.sequence);
    if (!taken) {
      failure_ = taken.message();
      // A full queue is no failure: it has room when something is delivered.
      if (taken.is_retryable() && in_flight_ > 0) return true;
      is_failing_ = true;
      return false;
    }
    item.step = Step::kSent;
    ++in_flight_;
  }
  return true;
}

bool Outbox::Impl::receive(RecordSink& sink) {
  std::vector<RecordSink::Delivery> deliveries;
  sink.poll(deliveries);
  for (const auto& delivery : deliveries) {
    --in_flight_;
    if (!delivery.status) {
      failure_ = delivery.status.message();
      is_failing_ = true;
      continue;
    }
    for (Item& item : items_)
      if (item.change.sequence == delivery.tag) item.step = Step::kDone;
  }
  return !is_failing_;
}

void Outbox::Impl::finish_done() {
  std::uint64_t last = 0;
  std::size_t count = 0;
  while (!items_.empty() && items_.front().step == Step::kDone) {
    last = items_.front().change.sequence;
    items_.pop_front();
    --audited_;
    ++count;
  }
  if (count == 0) return;
  wiring_.forget(last);
  std::vector<std::function<void()>> due;
  {
    const std::lock_guard lock{mutex_};
    done_ = last;
    open_ -= count;
    const auto end = waiting_.upper_bound(last);
    for (auto at = waiting_.begin(); at != end; ++at)
      due.push_back(std::move(at->second));
    waiting_.erase(waiting_.begin(), end);
  }
  changed_.notify_all();
  for (const auto& done : due)
    done();
}

void Outbox::Impl::pause(const std::string& why) {
  if (wiring_.on_event)
    wiring_.on_event("changes of the registry wait, and are tried again: " + why);
  std::unique_lock lock{mutex_};
  changed_.wait_for(lock, options_.retry_after, [this] { return is_stopping_; });
}

// Also what was delivered behind the one that was refused: else an older record would be the last one
// of its key.
void Outbox::Impl::rewind() {
  for (Item& item : items_)
    item.step = Step::kWritten;
  is_failing_ = false;
}

Outbox::Outbox(Wiring wiring, OutboxOptions options)
    : impl_(std::make_unique<Impl>(std::move(wiring), options)) {}
Outbox::~Outbox() = default;

void Outbox::push(Change change) { impl_->push(std::move(change)); }
void Outbox::when_done(std::uint64_t sequence, std::function<void()> done) {
  impl_->when_done(sequence, std::move(done));
}
std::size_t Outbox::open() const { return impl_->open(); }
bool Outbox::wait_until_empty(std::chrono::milliseconds timeout) const {
  return impl_->wait_until_empty(timeout);
}

}  // namespace bora::admin
