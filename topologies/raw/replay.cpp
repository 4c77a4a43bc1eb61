#include "topologies/raw/replay.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace bora::raw {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

constexpr milliseconds kPause{5};
/// Between two looks at is_stopping().
constexpr milliseconds kMostWait{100};

Record record_of(const ArchiveEntry& entry) {
  Record record;
  record.key = coldchain::record_key(entry.device_id);
  record.value = entry.message;
  record.headers = {{"replay.inserted", std::to_string(to_millis(entry.inserted))},
                    {"replay.partition", std::to_string(entry.partition)},
                    {"replay.offset", std::to_string(entry.offset)}};
  return record;
}

class Run {
 public:
  Run(RecordSink& sink, const ReplayRequest& request, const ReplayEnvironment& environment)
      : sink_(sink), request_(request), outside_(environment), start_(environment.clock.now()) {}

  Result<ReplayProgress> all_of(ArchiveSetScan scan) {
    while (failure_ && scan.next()) {
      if (!wait_for_turn()) {
        progress_.was_stopped = true;
        break;
      }
      send(scan.entry());
      show_progress();
    }
    finish();
    outside_.on_progress(progress_);
    if (!failure_) return failure_;
    if (!scan.status()) return scan.status();
    return progress_;
  }

 private:
  /// False when the replay is to stop.
  bool wait_for_turn() {
    if (outside_.is_stopping()) return false;
    if (request_.rate <= 0) return true;
    const auto due = start_ + nanoseconds{static_cast<std::int64_t>(
                                  static_cast<double>(progress_.sent) / request_.rate * 1e9)};
    for (Instant now = outside_.clock.now(); now < due; now = outside_.clock.now()) {
      outside_.wait(std::min<nanoseconds>(due - now, kMostWait));
      collect();
      if (outside_.is_stopping()) return false;
    }
    return true;
  }

  void send(const ArchiveEntry& entry) {
    const Instant first_try = outside_.clock.now();
    for (;;) {
      Status appended = sink_.append(request_.topic, record_of(entry), progress_.sent);
      collect();
      if (appended) {
        ++progress_.sent;
        return;
      }
      const bool is_tired = outside_.clock.now() - first_try >= request_.patience;
      if (!appended.is_retryable() || is_tired) return fail(std::move(appended));
      if (outside_.is_stopping()) return;
      outside_.wait(kPause);
    }
  }

  void collect() {
    deliveries_.clear();
    sink_.poll(deliveries_);
    for (RecordSink::Delivery& delivery : deliveries_) {
      ++answered_;
      if (delivery.status) {
        ++progress_.delivered;
      } else {
        fail(std::move(delivery.status));
      }
    }
  }

  /// Until everything sent has its outcome.
  void finish() {
    const Instant first_try = outside_.clock.now();
    while (answered_ < progress_.sent) {
      sink_.flush(kMostWait).ignore("the deliveries say what became of each record");
      collect();
      if (answered_ == progress_.sent) return;
      if (outside_.clock.now() - first_try >= request_.patience) {
        return fail({ErrorKind::kUnavailable, std::to_string(progress_.sent - answered_) +
                                                  " records sent to topic " + request_.topic +
                                                  " have no answer; they may be there or not"});
      }
      outside_.wait(kPause);
    }
  }

  void fail(Status why) {
    if (failure_) failure_ = std::move(why);
  }

  void show_progress() {
    const Instant now = outside_.clock.now();
    if (now - last_shown_ < request_.progress_interval) return;
    last_shown_ = now;
    outside_.on_progress(progress_);
  }

  RecordSink& sink_;
  const ReplayRequest& request_;
  const ReplayEnvironment& outside_;
  const Instant start_;
  Instant last_shown_ = start_;
  std::uint64_t answered_ = 0;
  ReplayProgress progress_;
  Status failure_;
  std::vector<RecordSink::Delivery> deliveries_;
};

}  // namespace

Result<ReplayProgress> replay(const ArchiveSet& archive, RecordSink& sink,
                              const ReplayRequest& request, const ReplayEnvironment& environment) {
  return Run{sink, request, environment}.all_of(
      archive.scan(request.device_id, request.from, request.to));
}

}  // namespace bora::raw
