#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "bora/record.hpp"
#include "connectors/kafka/options.hpp"

namespace bora::kafka {

/// What the sinks of a process did, together. Threads: thread-safe.
struct KafkaSinkStats {
  std::atomic<std::uint64_t> delivered{0};
  std::atomic<std::uint64_t> failed{0};   ///< Deliveries that failed; the caller decides what next.
  std::atomic<std::uint64_t> refused{0};  ///< Not taken: the queue was full, or it can never be.
  std::atomic<std::uint64_t> resent{0};   ///< Records sent again by a producer made anew.
  std::atomic<std::uint64_t> recreated{0};  ///< Producers made anew after a fatal error.
  std::atomic<std::int64_t> queued_records{0};
  std::atomic<std::int64_t> queued_bytes{0};
};

struct KafkaSinkOptions {
  KafkaOptions kafka;

  /// A record without an answer for this long fails as kUnavailable, and its owner brings it again:
  /// nothing is lost, but it may be in the topic twice. Larger rides out longer elections without
  /// that; it must stay under EngineOptions::message_timeout, whose expiry counts as an attempt.
  std::chrono::milliseconds delivery_timeout{20'000};

  /// Most records and bytes without an outcome; beyond, append() answers kUnavailable. librdkafka's
  /// `queue.buffering.max.messages` and `.kbytes` by another name.
  std::size_t max_queued_records = 100'000;
  std::size_t max_queued_bytes = std::size_t{64} << 20;

  std::shared_ptr<KafkaSinkStats> stats = nullptr;  ///< Shared with who shows it. Null: its own.
};

/// A producer into topics of a Kafka cluster: idempotent, acknowledged by all in-sync replicas, keys on
/// the partition where Java's default partitioner puts them (murmur2), keyless records spread.
///
/// Order: records of one partition are written in the order of append(). A record that failed and is
/// appended again comes after those that were delivered meanwhile.
///
/// Outages are waited for: librdkafka retries by itself until `delivery_timeout`, after which the
/// record fails as kUnavailable; it is never dropped without an outcome.
///
/// After a fatal error (librdkafka 2.0.2 has needless ones when a broker goes away at the wrong moment)
/// the producer is made anew and everything without an outcome is sent again, in order. What had
/// reached the broker without our hearing of it is then there twice.
///
/// Each sink has a producer of its own: one shared by tasks would have to hand outcomes from thread to
/// thread under a lock, and costs the same memory per record. What a further one costs is three
/// threads, 0.3 MB and a connection per broker; it is started by the first append(), so a sink for dead
/// letters costs nothing while there are none.
///
/// Threads: as RecordSink says. Lifetime: the destructor drops what has no outcome; flush() first.
class KafkaSink final : public RecordSink {
 public:
  explicit KafkaSink(KafkaSinkOptions options);
  ~KafkaSink() override;
  KafkaSink(const KafkaSink&) = delete;
  KafkaSink& operator=(const KafkaSink&) = delete;

  /// Besides what RecordSink says: kInvalid when the record is too large or the configuration is not
  /// taken, kNotFound when the topic is known not to exist.
  Status append(std::string_view topic, Record record, Tag tag) override;
  /// Makes a producer anew when it must; that waits for the old one's threads to end, some ms.
  std::size_t poll(std::vector<Delivery>& out) override;
  Status flush(std::chrono::milliseconds timeout) override;
  void on_delivery(std::function<void()> wake) override;

 private:
  class Producer;
  std::unique_ptr<Producer> producer_;
};

/// Whether librdkafka takes the configuration, without touching anything outside.
[[nodiscard]] Status check_sink_options(const KafkaSinkOptions& options);

}  // namespace bora::kafka
