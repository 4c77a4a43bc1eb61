// Where librdkafka reads on, when that is not where this member wants it.

#include <string>
#include <vector>

#include "connectors/kafka/membership.hpp"

namespace bora::kafka {

/// librdkafka 2.0.2 drops fetched records at every rebalance, also of partitions that stay, and goes on
/// after the last one that it counts as consumed: that may be one that it dropped from inside a batch.
Status Membership::find_what_was_lost() {
  if (!may_have_lost_records_) return {};
  const Partitions list = make_partitions();
  for (const std::uint32_t partition : assignment_.in(Assigned::State::kReading))
    rd_kafka_topic_partition_list_add(list.get(), options_.topic.c_str(),
                                      static_cast<int>(partition));
  if (list->cnt > 0) {
    const rd_kafka_resp_err_t error = rd_kafka_position(client_->get(), list.get());
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR)
      return client_->translate(error, "tell where topic " + options_.topic + " is read");
  }
  for (int i = 0; i < list->cnt; ++i) {
    const rd_kafka_topic_partition_t& at = list->elems[i];
    Assigned& one = assignment_.at(static_cast<std::uint32_t>(at.partition));
    if (at.offset > one.next) one.owes_seek = true;  // not when it has none yet
  }
  may_have_lost_records_ = false;
  return {};
}

/// Until librdkafka is where we are in every partition, nothing may be read: a gap looks like one that
/// compaction made.
Status Membership::go_back() {
  if (Status found = find_what_was_lost(); !found) return found;
  for (Assigned& one : assignment_) {
    if (one.state != Assigned::State::kReading || !one.owes_seek) continue;
    if (Status done = seek_(one.partition, one.next); !done) return done;
    one.owes_seek = false;
    counters_.rewinds.fetch_add(1, std::memory_order_relaxed);
  }
  return {};
}

/// What was fetched before is outdated for librdkafka from here on, and dropped by it.
Status Membership::seek(std::uint32_t partition, std::int64_t offset) {
  const rd_kafka_resp_err_t error =
      rd_kafka_seek(topic_.get(), static_cast<std::int32_t>(partition), offset,
                    static_cast<int>(options_.position_timeout.count()));
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
  return client_->translate(error, "go back to offset " + std::to_string(offset) + " of topic " +
                                       options_.topic + " [" + std::to_string(partition) + "]");
}

/// Asks the broker, because the outcome of the last commit may not be known here.
Status Membership::rewind() {
  const std::vector<std::uint32_t> reading = assignment_.in(Assigned::State::kReading);
  if (reading.empty()) return {};
  const Result<std::vector<Start>> starts = query_starts(*client_, options_, reading);
  if (!starts) return starts.status();
  for (const Start& start : *starts) {
    Assigned& one = assignment_.at(start.partition);
    one.committed = start.offset;
    if (one.next == start.offset) continue;
    one.next = start.offset;
    one.owes_seek = true;
  }
  return go_back();
}

}  // namespace bora::kafka
