#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "bora/record.hpp"
#include "bora/status.hpp"

namespace bora::ingest {

/// Writes the reports of many requests into a topic through one sink, which belongs to a thread of its
/// own: what the ingest hands over to where topics are in Kafka.
///
/// Threads: append() from any; `done` is called on the writer's thread.
class ReportWriter {
 public:
  /// Makes the sink on its thread.
  ReportWriter(std::function<std::unique_ptr<RecordSink>()> make_sink, std::string topic);
  /// What has no outcome by then is done with kClosed: it may be written or not.
  ~ReportWriter();
  ReportWriter(const ReportWriter&) = delete;
  ReportWriter& operator=(const ReportWriter&) = delete;

  /// Queues all records of a request. `done` is called once, when all of them have an outcome, with the
  /// first that is a failure; not when an error is returned: kUnavailable when too much waits.
  [[nodiscard]] Status append(const std::vector<Record>& records, std::function<void(Status)> done);

  /// Most bytes of values that wait to be taken by the sink.
  static constexpr std::size_t kMostQueuedBytes = std::size_t{16} << 20;

 private:
  struct Batch {
    std::vector<Record> records;
    std::function<void(Status)> done;
    std::size_t bytes = 0;
  };
  struct Unanswered {
    std::size_t records = 0;  ///< Of the batch, without an outcome.
    std::function<void(Status)> done;
    Status failure = {};
  };

  void run();
  /// Nothing when it shall end and nothing is queued.
  [[nodiscard]] std::deque<Batch> wait_for_work(bool& is_ending);
  void write(Batch batch);
  void settle(RecordSink::Tag tag, Status outcome);
  void collect();
  void signal();

  const std::function<std::unique_ptr<RecordSink>()> make_sink_;
  const std::string topic_;
  std::unique_ptr<RecordSink> sink_;               // these three: the thread's
  std::map<RecordSink::Tag, Unanswered> waiting_;  // by batch
  RecordSink::Tag next_tag_ = 1;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Batch> queue_;       // these: guarded by mutex_
  std::size_t queued_bytes_ = 0;  // until the sink took the batch
  bool has_outcomes_ = false;
  bool is_stopping_ = false;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace bora::ingest
