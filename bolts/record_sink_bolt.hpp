#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bolts/record_sink_writer.hpp"
#include "bora/bolt.hpp"
#include "bora/coalesced_post.hpp"
#include "bora/record.hpp"
#include "bora/record_trace.hpp"

namespace bora {

/// A record and where it goes.
struct OutgoingRecord {
  std::string topic;
  Record record;
};

/// Turns a tuple into a record. An error fails the tuple by its kind (failure_kind_of); so does what it
/// throws. Called again for the same tuple when the sink was full.
template <class T>
using Encode = std::function<Result<OutgoingRecord>(const T&)>;

/// Called in open(), once per task, with the task's index. A sink that nobody else polls.
using SinkConnection = std::function<std::unique_ptr<RecordSink>(std::uint32_t task)>;

/// Publishes tuples: each is acked when its record is durable by the sink's policy, and not before.
///
///   topology.bolt("publish", [&] {
///     return bora::RecordSinkBolt<Reading>{
///         [&](std::uint32_t) { return std::make_unique<LogSink>(log); },
///         [](const Reading& r) { return bora::OutgoingRecord{"readings", to_record(r)}; }};
///   });
///
/// Deliveries go on while execute() returns, so a tuple does not wait for the one before it. When the
/// sink's queue is full, execute() waits for room (RecordSinkOptions::max_wait) and holds up this task
/// alone; a sink that stands still fails tuples as Unavailable, at once after the first wait, so that
/// their spout pauses its source and brings them again. A delivery whose outcome was lost may be in the
/// topic twice.
///
/// Threads: one task, one thread, one sink. Fails: open() when there is no sink.
template <class T>
class RecordSinkBolt final : public Bolt<T> {
 public:
  RecordSinkBolt(SinkConnection connect, Encode<T> encode, RecordSinkOptions options = {})
      : connect_(std::move(connect)), encode_(std::move(encode)), options_(options) {}

  Status open(Context& context) override {
    if (!connect_ || !encode_) {
      return {ErrorKind::kInvalid, "the bolt " + std::string{context.component()} +
                                       " needs a sink and an encoder: give it both"};
    }
    context_ = context;
    sink_ = connect_(context.task());
    BORA_CHECK(sink_ != nullptr, "a connection's factory gave nothing");
    writer_.emplace(*sink_, options_, stats_);
    outcomes_.bind(context.poster(), [this] { writer_->take_outcomes(); });
    sink_->on_delivery(outcomes_.signal());
    return {};
  }
  void close() override {
    outcomes_.unbind();
    if (writer_) writer_->close();
  }

  void execute(const T& in) override {
    Status taken = append(in);
    if (taken.is_retryable() && writer_->wait_for_room()) taken = append(in);
    if (!taken) throw_as_failure(taken.error());
    writer_->place(this->take());
  }
  void on_idle() override { writer_->push_out(); }
  void on_drain() override { writer_->push_out(); }

  [[nodiscard]] std::vector<Gauge> gauges() const override { return stats_.gauges(); }
  /// Any thread.
  [[nodiscard]] const RecordSinkStats& stats() const noexcept { return stats_; }

 private:
  Status append(const T& in) {
    Result<OutgoingRecord> encoded = encode_(in);
    if (!encoded) throw_as_failure(encoded.error());
    if (const auto trace = context_->trace()) set_trace(encoded->record, *trace);
    return writer_->append(encoded->topic, std::move(encoded->record));
  }

  SinkConnection connect_;
  Encode<T> encode_;
  RecordSinkOptions options_;
  std::optional<Context> context_;  // since open()
  RecordSinkStats stats_;
  std::unique_ptr<RecordSink> sink_;
  std::optional<RecordSinkWriter> writer_;  // dies before the sink
  CoalescedPost outcomes_;
};

}  // namespace bora
