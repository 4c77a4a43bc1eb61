#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "bora/clock.hpp"
#include "bora/record.hpp"
#include "connectors/kafka/options.hpp"

namespace bora::kafka {

struct KafkaTableSourceOptions {
  KafkaOptions kafka = {};
  std::string topic = {};
  /// Begins each partition at most so many offsets before its end. Absent: at its beginning, as are
  /// partitions that are added later.
  std::optional<std::int64_t> newest = std::nullopt;
  /// Longest wait of one poll() for the topic's partitions and their ends, before reading begins. When
  /// it does not suffice, a later poll tries again.
  std::chrono::milliseconds position_timeout{5'000};
  /// How often it looks whether the topic has more partitions.
  std::chrono::milliseconds look_every{60'000};
  /// Longest wait of close() for librdkafka's threads.
  std::chrono::milliseconds close_timeout{10'000};
};

class TableReader;

/// Reads the whole of a topic, every partition from its beginning, outside of any consumer group: for
/// compacted topics, which hold a table. Each process reads all of it, each time it starts.
///
///   while (running) {
///     source.poll(1'000, records);   // apply them, tombstones too
///     if (source.lag() == 0) ...     // the table is as new as the topic
///   }
///
/// commit() does nothing. Partitions that are added to the topic are found within look_every and read
/// from their beginning; but a key may then be in two of them, in no order: better not to add any.
///
/// Threads: as RecordSource says; librdkafka's threads only call wake and on_log.
/// Waits: poll() up to twice position_timeout until reading has begun, then not at all but once in
/// look_every, for the time that a broker takes to answer or three seconds; close() up to
/// close_timeout.
/// Fails: open(): kInvalid (settings). poll(): what keeps it from reading, once a minute at most.
class KafkaTableSource final : public RecordSource {
 public:
  /// `clock` outlives the source.
  KafkaTableSource(KafkaTableSourceOptions options, const Clock& clock);
  ~KafkaTableSource() override;
  KafkaTableSource(const KafkaTableSource&) = delete;
  KafkaTableSource& operator=(const KafkaTableSource&) = delete;

  [[nodiscard]] std::string_view topic() const noexcept override { return options_.topic; }
  Status open(AssignmentListener& listener, std::function<void()> wake) override;
  Result<std::size_t> poll(std::size_t max, std::vector<SourceRecord>& out) override;
  void pause() override { is_paused_ = true; }
  void resume() override { is_paused_ = false; }
  Status commit(std::span<const CommitRequest> requests) override;
  /// Nothing until the ends are known. Zero exactly when every partition was read to an end that is not
  /// older than the open(); else at least one, and more by the offsets between, holes counted.
  [[nodiscard]] std::optional<std::uint64_t> lag() const override;
  void close() override;

 private:
  KafkaTableSourceOptions options_;
  const Clock& clock_;
  std::function<void()> wake_;
  std::unique_ptr<TableReader> reader_;  ///< Null while not open.
  bool is_paused_ = false;
};

}  // namespace bora::kafka
