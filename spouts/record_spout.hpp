#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "bora/record_trace.hpp"
#include "bora/spout.hpp"
#include "spouts/consumed_record.hpp"
#include "spouts/record_spout_driver.hpp"

namespace bora {

/// Turns a record into a tuple. An error, or a thrown Permanent, makes the record a dead letter with
/// that text; kUnavailable, or a thrown Unavailable, has it tried again without limit; any other
/// exception has it tried again up to the policy's attempts.
template <class T>
using Decode = std::function<Result<T>(const ConsumedRecord&)>;

/// Reads a topic and emits one tuple per record: at least once, committed only when done; exactly once
/// when its connections have a transaction.
///
///   topology.spout("reports", [&] {
///     return bora::RecordSpout<Report>{
///         {.source = [&](std::uint32_t) { return std::make_unique<LogSource>(log, in); },
///          .dead_letters = [&](std::uint32_t) { return std::make_unique<LogSink>(log); }},
///         [](const bora::ConsumedRecord& r) { return decode_report(r->value); }};
///   });
///
/// A tuple that fails is emitted again after a pause (RetryPolicy), then becomes a dead letter; while a
/// dependency is Unavailable the source is paused and retries have no limit. Order is kept only among
/// records that do not fail. RecordSpout<ConsumedRecord> emits records as they are and needs no decoder.
///
/// Threads: as every spout; one source and one sink per task, used on its thread alone.
/// Fails: open() when the source cannot be opened.
template <class T>
class RecordSpout final : public Spout<T> {
 public:
  RecordSpout(RecordConnections connections, Decode<T> decode, RecordSpoutOptions options = {})
      : decode_(std::move(decode)), driver_(std::move(connections), std::move(options)) {}
  explicit RecordSpout(RecordConnections connections,
                       RecordSpoutOptions options = {}) requires std::is_same_v<T, ConsumedRecord>
      : driver_(std::move(connections), std::move(options)) {}

  Status open(Context& context) override {
    return driver_.open(context, [this] { return std::size_t{this->in_flight()}; });
  }
  void close() override { driver_.close(); }

  Next next_batch(std::size_t max) override {
    const Pump::Outlook outlook = driver_.take(max, ready_);
    for (const Pump::Ready& ready : ready_)
      emit_one(ready);
    ready_.clear();
    if (outlook.has_more) return Next::more();
    return outlook.next_due ? Next::idle_until(*outlook.next_due) : Next::idle();
  }
  void acked(std::span<const MessageId> ids) override { driver_.pump().acked(ids); }
  void failed(const Failure& failure) override { driver_.pump().failed(failure); }
  void on_deactivate() override { driver_.pump().suspend(); }
  void on_activate() override { driver_.pump().resume(); }
  void on_drain() override { driver_.pump().drain(); }
  [[nodiscard]] bool is_settled() const override { return driver_.is_settled(); }

  [[nodiscard]] std::vector<Gauge> gauges() const override { return driver_.stats().gauges(); }
  [[nodiscard]] std::string source() const override { return driver_.topic(); }
  [[nodiscard]] std::vector<PartitionLag> partition_lags() const override {
    return driver_.stats().lags();
  }

  /// Any thread.
  [[nodiscard]] const RecordSpoutStats& stats() const noexcept { return driver_.stats(); }

 private:
  void emit_one(const Pump::Ready& ready) {
    const ConsumedRecord& consumed = driver_.pump().record(ready.slot);
    if constexpr (std::is_same_v<T, ConsumedRecord>) {
      if (!decode_) {
        go_on_with_trace(consumed);
        return this->emit(consumed, ready.id, ready.bytes);
      }
    }
    Result<T> decoded = decode_safely(consumed, ready);
    if (!decoded) return;
    go_on_with_trace(consumed);
    this->emit(*std::move(decoded), ready.id, ready.bytes);
  }

  void go_on_with_trace(const ConsumedRecord& consumed) {
    if (!this->is_tracing()) return;
    if (const auto from = trace_in(*consumed)) this->trace_next(*from);
  }

  /// The tuple; or an error, and the record is refused already.
  Result<T> decode_safely(const ConsumedRecord& consumed, const Pump::Ready& ready) {
    FailureKind kind = FailureKind::kError;
    std::string reason;
    try {
      Result<T> decoded = decode_(consumed);
      if (decoded) return decoded;
      kind = decoded.status().is_retryable() ? FailureKind::kUnavailable : FailureKind::kPermanent;
      reason = decoded.error().message;
    } catch (const Permanent& e) {
      kind = FailureKind::kPermanent;
      reason = e.what();
    } catch (const Unavailable& e) {
      kind = FailureKind::kUnavailable;
      reason = e.what();
    } catch (const std::exception& e) {
      reason = e.what();
    } catch (...) {
      reason = "the decoder threw something that is no std::exception";
    }
    driver_.pump().refuse(ready, kind, reason);
    return Error{ErrorKind::kInvalid, std::move(reason)};
  }

  Decode<T> decode_;
  RecordSpoutDriver driver_;
  std::vector<Pump::Ready> ready_;
};

}  // namespace bora
