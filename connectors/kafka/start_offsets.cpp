#include "connectors/kafka/start_offsets.hpp"

#include <algorithm>

namespace bora::kafka {
namespace {

int to_int(std::chrono::milliseconds time) noexcept { return static_cast<int>(time.count()); }

Partitions list_of(const std::string& topic, const std::vector<std::uint32_t>& partitions,
                   std::int64_t offset) {
  Partitions list = make_partitions(static_cast<int>(partitions.size()));
  for (const std::uint32_t partition : partitions)
    rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), static_cast<int>(partition))
        ->offset = offset;
  return list;
}

/// The answers, in the order of the questions: librdkafka may sort a list.
Result<std::vector<std::int64_t>> offsets_of(const Client& client, const Partitions& list,
                                             const std::string& topic,
                                             const std::vector<std::uint32_t>& partitions,
                                             const std::string& tried) {
  std::vector<std::int64_t> offsets;
  offsets.reserve(partitions.size());
  for (const std::uint32_t partition : partitions) {
    const rd_kafka_topic_partition_t* found =
        rd_kafka_topic_partition_list_find(list.get(), topic.c_str(), static_cast<int>(partition));
    if (found == nullptr)
      return Error{ErrorKind::kInternal, "could not " + tried + ": a partition is missing"};
    if (found->err != RD_KAFKA_RESP_ERR_NO_ERROR) return client.translate(found->err, tried);
    offsets.push_back(found->offset);
  }
  return offsets;
}

/// `time` is one in milliseconds since 1970, or one of Kafka's two that mean the ends.
Result<std::vector<std::int64_t>> query_times(const Client& client, const std::string& topic,
                                              const std::vector<std::uint32_t>& partitions,
                                              std::int64_t time, std::chrono::milliseconds timeout,
                                              const std::string& tried) {
  const Partitions list = list_of(topic, partitions, time);
  const rd_kafka_resp_err_t error =
      rd_kafka_offsets_for_times(client.get(), list.get(), to_int(timeout));
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return client.translate(error, tried);
  return offsets_of(client, list, topic, partitions, tried);
}

// ListOffsets takes these in place of a time; librdkafka hands times on as they are.
constexpr std::int64_t kEndTime = -1;
constexpr std::int64_t kBeginTime = -2;

}  // namespace

Result<Start> choose_start(std::uint32_t partition, const StartAt& start, std::int64_t committed,
                           Bounds bounds, std::int64_t timed) {
  Start chosen{.partition = partition, .end = bounds.high};
  if (committed >= 0) {
    // Beyond the end only when the topic was made anew or lost its end: everything there is new.
    chosen.offset = committed > bounds.high ? bounds.low : std::max(committed, bounds.low);
    if (committed < bounds.low) chosen.skipped = static_cast<std::uint64_t>(bounds.low - committed);
    return chosen;
  }
  switch (start.where) {
    case StartAt::Where::kEarliest: chosen.offset = bounds.low; return chosen;
    case StartAt::Where::kLatest: chosen.offset = bounds.high; break;
    case StartAt::Where::kTime: chosen.offset = timed >= 0 ? timed : bounds.high; break;
    case StartAt::Where::kCommitted:
      return Error{
          ErrorKind::kNotFound,
          "could not begin partition " + std::to_string(partition) +
              ": the group has committed nothing there; commit a position, or name another "
              "start"};
  }
  chosen.is_first_run = true;
  return chosen;
}

Result<std::vector<Bounds>> query_bounds(const Client& client, const std::string& topic,
                                         const std::vector<std::uint32_t>& partitions,
                                         std::chrono::milliseconds timeout) {
  const std::string tried = "ask where the partitions of topic " + topic + " begin and end";
  const auto low = query_times(client, topic, partitions, kBeginTime, timeout, tried);
  if (!low) return low.status();
  const auto high = query_times(client, topic, partitions, kEndTime, timeout, tried);
  if (!high) return high.status();
  std::vector<Bounds> bounds(partitions.size());
  for (std::size_t i = 0; i < bounds.size(); ++i)
    bounds[i] = {(*low)[i], std::max((*low)[i], (*high)[i])};
  return bounds;
}

Result<std::vector<Start>> query_starts(const Client& client, const KafkaSourceOptions& options,
                                        const std::vector<std::uint32_t>& partitions) {
  const std::string tried =
      "ask what group " + options.group + " committed of topic " + options.topic;
  const Partitions list = list_of(options.topic, partitions, RD_KAFKA_OFFSET_INVALID);
  const rd_kafka_resp_err_t error =
      rd_kafka_committed(client.get(), list.get(), to_int(options.position_timeout));
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return client.translate(error, tried);
  const auto committed = offsets_of(client, list, options.topic, partitions, tried);
  if (!committed) return committed.status();
  const auto bounds = query_bounds(client, options.topic, partitions, options.position_timeout);
  if (!bounds) return bounds.status();
  std::vector<std::int64_t> timed(partitions.size(), -1);
  const bool is_new =
      std::any_of(committed->begin(), committed->end(), [](std::int64_t one) { return one < 0; });
  if (is_new && options.start.where == StartAt::Where::kTime) {
    auto asked = query_times(client, options.topic, partitions, to_millis(options.start.time),
                             options.position_timeout,
                             "ask topic " + options.topic + " for its first records after a time");
    if (!asked) return asked.status();
    timed = *std::move(asked);
  }
  std::vector<Start> starts;
  for (std::size_t i = 0; i < partitions.size(); ++i) {
    Result<Start> start =
        choose_start(partitions[i], options.start, (*committed)[i], (*bounds)[i], timed[i]);
    if (!start) return start.status();
    starts.push_back(*start);
  }
  return starts;
}

}  // namespace bora::kafka
