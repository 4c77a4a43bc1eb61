#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "bora/record.hpp"

namespace bora::testing {

/// A topic that outlives the sinks into it, with what may go wrong.
/// Threads: thread-safe.
class RegistryTopic {
 public:
  std::atomic<bool> is_down{false};  ///< Appends are not taken.
  std::atomic<int> fail_next{0};     ///< So many deliveries fail.
  std::atomic<int> fail_after{0};    ///< But not before so many more have succeeded.

  [[nodiscard]] std::vector<Record> records() const {
    const std::lock_guard lock{mutex_};
    return records_;
  }
  /// The last record of each key, as compaction leaves them; tombstones are left out.
  [[nodiscard]] std::vector<Record> table() const {
    std::vector<Record> last;
    for (const Record& record : records()) {
      last.erase(std::remove_if(last.begin(), last.end(),
                                [&](const Record& r) { return r.key == record.key; }),
                 last.end());
      if (!record.is_tombstone) last.push_back(record);
    }
    return last;
  }
  [[nodiscard]] std::unique_ptr<RecordSink> sink() { return std::make_unique<Sink>(*this); }

 private:
  class Sink final : public RecordSink {
   public:
    explicit Sink(RegistryTopic& topic) : topic_(topic) {}
    Status append(std::string_view, Record record, Tag tag) override {
      if (topic_.is_down) return {ErrorKind::kUnavailable, "the topic is down"};
      Delivery delivery{.tag = tag, .status = {}};
      const bool fails = topic_.fail_next > 0 && topic_.fail_after == 0;
      if (topic_.fail_after > 0) --topic_.fail_after;
      if (fails) {
        --topic_.fail_next;
        delivery.status = Status{ErrorKind::kUnavailable, "the delivery failed"};
      } else {
        const std::lock_guard lock{topic_.mutex_};
        topic_.records_.push_back(std::move(record));
      }
      deliveries_.push_back(std::move(delivery));
      return {};
    }
    std::size_t poll(std::vector<Delivery>& out) override {
      const std::size_t count = deliveries_.size();
      std::move(deliveries_.begin(), deliveries_.end(), std::back_inserter(out));
      deliveries_.clear();
      return count;
    }
    Status flush(std::chrono::milliseconds) override { return {}; }
    void on_delivery(std::function<void()>) override {}

   private:
    RegistryTopic& topic_;
    std::vector<Delivery> deliveries_;
  };

  mutable std::mutex mutex_;
  std::vector<Record> records_;  // guarded by mutex_
};

}  // namespace bora::testing
