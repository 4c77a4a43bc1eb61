#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bora/clock.hpp"
#include "bora/record.hpp"
#include "connectors/kafka/kafka_source.hpp"
#include "host/assembly.hpp"

namespace bora::parts {

/// The Kafka sources that a process has open now, and what /metrics says of them.
/// Threads: thread-safe.
class SourceWatch {
 public:
  /// What one source showed last.
  struct Levels {
    std::string topic;
    std::string group;
    std::optional<std::uint64_t> lag = {};
    std::optional<std::chrono::milliseconds> lag_time = {};
    kafka::KafkaSource::Counters counters = {};
    bool is_cut_off = false;  ///< See KafkaSource::is_cut_off().
  };
  using Id = std::uint64_t;

  Id add(std::string topic, std::string group);
  void show(Id id, const kafka::KafkaSource& source);
  /// Its counters, as they are now, stay counted.
  void remove(Id id, const kafka::KafkaSource& source);
  /// Sources of one topic and group together.
  [[nodiscard]] std::vector<host::Sample> samples() const;
  /// Who reaches no broker, in words; nothing when all do.
  [[nodiscard]] std::optional<std::string> cut_off() const;

 private:
  mutable std::mutex mutex_;
  std::map<Id, Levels> levels_;
  std::map<std::pair<std::string, std::string>, kafka::KafkaSource::Counters> gone_;
  Id next_ = 1;
};

/// A KafkaSource that shows itself to a watch, from the thread that polls it, at most once a second.
class WatchedSource final : public RecordSource {
 public:
  /// The first `prefix` characters of the topic are none of the name that topic() gives.
  WatchedSource(kafka::KafkaSourceOptions options, std::size_t prefix, const Clock& clock,
                SourceWatch& watch);
  ~WatchedSource() override;
  WatchedSource(const WatchedSource&) = delete;
  WatchedSource& operator=(const WatchedSource&) = delete;

  [[nodiscard]] std::string_view topic() const noexcept override {
    return source_.topic().substr(prefix_);
  }
  Status open(AssignmentListener& listener, std::function<void()> wake) override;
  Result<std::size_t> poll(std::size_t max, std::vector<SourceRecord>& out) override;
  void pause() override { source_.pause(); }
  void resume() override { source_.resume(); }
  Status commit(std::span<const CommitRequest> requests) override {
    return source_.commit(requests);
  }
  [[nodiscard]] std::optional<std::uint64_t> lag() const override { return source_.lag(); }
  [[nodiscard]] std::vector<PartitionLag> partition_lags() const override {
    return source_.partition_lags();
  }
  void close() override { source_.close(); }

  /// For a transaction to follow.
  [[nodiscard]] kafka::KafkaSource& source() noexcept { return source_; }

 private:
  const std::size_t prefix_;
  const Clock& clock_;
  SourceWatch& watch_;
  SourceWatch::Id id_;
  Instant shown_{};
  kafka::KafkaSource source_;
};

}  // namespace bora::parts
