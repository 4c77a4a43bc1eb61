#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "connectors/log/log_sink.hpp"
#include "support/topic_log_fixture.hpp"

using namespace bora;
using namespace bora::log;
using namespace bora::log::testing;

namespace {

/// What a wake tells a thread that has nothing to do.
class Bell {
 public:
  void ring() {
    {
      const std::lock_guard lock{mutex_};
      is_rung_ = true;
    }
    rung_.notify_one();
  }
  void wait() {
    std::unique_lock lock{mutex_};
    rung_.wait(lock, [this] { return is_rung_; });
    is_rung_ = false;
  }

 private:
  std::mutex mutex_;
  std::condition_variable rung_;
  bool is_rung_ = false;
};

/// Reads until told to stop, commits what it read when a partition leaves, sleeps only on its bell.
class Consumer final : public AssignmentListener {
 public:
  explicit Consumer(TopicLog& log) : source_(log, {"t", "g", StartAt::kOldest}) {}

  /// Joins, reads until `most` records or stop(), leaves. Returns the values read.
  std::vector<std::string> run(std::size_t most) {
    const Status opened = source_.open(*this, [this] { bell_.ring(); });
    BORA_CHECK(opened.is_ok(), opened.message());
    std::vector<std::string> values;
    std::vector<SourceRecord> records;
    while (!stops_.load() && values.size() < most) {
      records.clear();
      const auto polled = source_.poll(16, records);
      BORA_CHECK(polled.is_ok(), polled.status().message());
      if (records.empty()) bell_.wait();
      for (const SourceRecord& record : records) {
        values.push_back(record.record.value);
        next_[record.position.partition] = record.position.offset + 1;
      }
    }
    source_.close();
    return values;
  }

  void stop() {
    stops_.store(true);
    bell_.ring();
  }

  void on_assigned(std::uint32_t partition, std::uint32_t, std::int64_t next) override {
    next_[partition] = next;
  }
  void on_revoked(std::uint32_t partition, std::uint32_t epoch, Leave) override {
    const std::vector<CommitRequest> requests{{partition, epoch, next_.at(partition)}};
    const Status committed = source_.commit(requests);
    BORA_CHECK(committed.is_ok(), committed.message());
  }

 private:
  Bell bell_;
  std::atomic<bool> stops_{false};
  std::map<std::uint32_t, std::int64_t> next_;
  LogSource source_;
};

void produce(TopicLog& log, int from, int count) {
  LogSink sink{log};
  Bell bell;
  sink.on_delivery([&] { bell.ring(); });
  std::vector<RecordSink::Delivery> deliveries;
  for (int i = from; i < from + count; ++i)
    while (!sink.append("t", keyed(std::to_string(i % 50), std::to_string(i)), 0)) {
      sink.poll(deliveries);
      bell.wait();
    }
  while (deliveries.size() < static_cast<std::size_t>(count)) {
    if (sink.poll(deliveries) == 0) bell.wait();
  }
  for (const auto& delivery : deliveries)
    BORA_CHECK(delivery.status.is_ok(), delivery.status.message());
  sink.on_delivery({});
}

}  // namespace

TEST_CASE("members that come and go on threads of their own read every record exactly once") {
  constexpr int kProducers = 2;
  constexpr int kConsumers = 3;
  constexpr int kEach = 3000;
  LogFixture fixture;
  fixture.options.tail_bytes_per_partition = 4000;  // so that some is read from the database
  fixture.options.max_queued_bytes = 20'000;
  TopicLog& log = fixture.open();

  std::vector<std::thread> threads;
  for (int p = 0; p < kProducers; ++p)
    threads.emplace_back([&log, p] { produce(log, p * kEach, kEach); });

  std::mutex mutex;
  std::condition_variable grown;
  std::multiset<std::string> seen;
  std::vector<Consumer*> running;
  bool is_over = false;
  for (int c = 0; c < kConsumers; ++c)
    threads.emplace_back([&, c] {
      for (std::size_t round = 1;; ++round) {
        Consumer consumer{log};
        {
          const std::lock_guard lock{mutex};
          if (is_over) return;
          running.push_back(&consumer);
        }
        const auto values = consumer.run(100 * round + 37 * static_cast<std::size_t>(c));
        const std::lock_guard lock{mutex};
        running.erase(std::find(running.begin(), running.end(), &consumer));
        seen.insert(values.begin(), values.end());
        grown.notify_all();
      }
    });

  bool is_complete = false;
  {
    // The last records may lie in members that wait for more: stopped now and then, they hand over.
    std::unique_lock lock{mutex};
    for (int i = 0; i < 600 && !is_complete; ++i) {
      is_complete = grown.wait_for(lock, std::chrono::milliseconds{100},
                                   [&] { return seen.size() >= kProducers * kEach; });
      if (!is_complete)
        for (Consumer* consumer : running)
          consumer->stop();
    }
    is_over = true;
    for (Consumer* consumer : running)
      consumer->stop();
  }
  for (std::thread& thread : threads)
    thread.join();
  CHECK(is_complete);
  CHECK(seen.size() == kProducers * kEach);
  CHECK(std::set<std::string>(seen.begin(), seen.end()).size() == kProducers * kEach);
  CHECK(log.stats().groups.at(0).lag == 0);
}
