#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "bora/record.hpp"
#include "bora/status.hpp"
#include "connectors/log/partition_reader.hpp"
#include "connectors/log/topic.hpp"

namespace bora::log {

/// The partitions that a source reads, in turn, each from its own place on; and the rest of a source
/// that found nothing.
///
/// Threads: the source's. Lifetime: dies before the store, the topic and the waiter.
class AssignedPartitions {
 public:
  AssignedPartitions(const LogStore& store, Topic& topic, Waiter& waiter)
      : store_(store), topic_(topic), waiter_(waiter) {
    topic_.add_waiter(waiter_);
  }
  ~AssignedPartitions() { topic_.remove_waiter(waiter_); }
  AssignedPartitions(const AssignedPartitions&) = delete;
  AssignedPartitions& operator=(const AssignedPartitions&) = delete;

  void add(std::uint32_t partition, std::uint32_t epoch, std::int64_t next_offset);
  void remove(std::uint32_t partition);

  /// As RecordSource::poll(): after it returned nothing the waiter is woken by the next append.
  Result<std::size_t> poll(std::size_t max, std::vector<SourceRecord>& out);

  /// Offsets between what was read and the ends.
  [[nodiscard]] std::uint64_t lag() const;
  [[nodiscard]] std::vector<PartitionLag> partition_lags() const;
  /// Records that retention removed before they could be read.
  [[nodiscard]] std::uint64_t skipped() const;

 private:
  struct Assigned {
    std::uint32_t partition;
    std::uint32_t epoch;
    PartitionReader reader;
  };
  Result<std::size_t> read(std::size_t max, std::vector<SourceRecord>& out);

  const LogStore& store_;
  Topic& topic_;
  Waiter& waiter_;
  std::vector<std::unique_ptr<Assigned>> assigned_;
  std::uint64_t skipped_of_removed_ = 0;
  std::size_t turn_ = 0;
};

}  // namespace bora::log
