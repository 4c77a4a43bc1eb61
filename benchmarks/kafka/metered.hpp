#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "benchmarks/pipeline/meter.hpp"
#include "bora/record.hpp"
#include "bora/record_transaction.hpp"

/// A run is measured from the first record that a client hands out, so that joining a group is not,
/// until the last one is done.
namespace bora::bench {

/// Begins when the source inside it gives out the first record.
class MeteredSource final : public RecordSource {
 public:
  MeteredSource(std::unique_ptr<RecordSource> inner, Meter& meter)
      : inner_(std::move(inner)), meter_(meter) {}

  [[nodiscard]] std::string_view topic() const noexcept override { return inner_->topic(); }
  Status open(AssignmentListener& listener, std::function<void()> wake) override {
    return inner_->open(listener, std::move(wake));
  }
  Result<std::size_t> poll(std::size_t max, std::vector<SourceRecord>& out) override {
    Result<std::size_t> polled = inner_->poll(max, out);
    if (polled && *polled > 0) meter_.begin();
    return polled;
  }
  void pause() override { inner_->pause(); }
  void resume() override { inner_->resume(); }
  Status commit(std::span<const CommitRequest> requests) override {
    return inner_->commit(requests);
  }
  [[nodiscard]] std::optional<std::uint64_t> lag() const override { return inner_->lag(); }
  void close() override { inner_->close(); }

 private:
  std::unique_ptr<RecordSource> inner_;
  Meter& meter_;
};

/// Tells `done` how many records each commit covers. Partitions begin at offset 0 and have no gaps.
class MeteredTransaction final : public RecordTransaction {
 public:
  MeteredTransaction(std::shared_ptr<RecordTransaction> inner,
                     std::function<void(std::uint64_t)> done)
      : inner_(std::move(inner)), done_(std::move(done)) {}

  Status begin() override { return inner_->begin(); }
  Status commit(std::span<const CommitRequest> done) override {
    Status committed = inner_->commit(done);
    if (committed)
      for (const CommitRequest& request : done) {
        std::int64_t& before = committed_[request.partition];
        done_(static_cast<std::uint64_t>(request.next_offset - before));
        before = request.next_offset;
      }
    return committed;
  }
  Status abort() override { return inner_->abort(); }
  Status rewind() override { return inner_->rewind(); }

 private:
  std::shared_ptr<RecordTransaction> inner_;
  std::function<void(std::uint64_t)> done_;
  std::map<std::uint32_t, std::int64_t> committed_;
};

/// A record is done when the sink inside it says that it is durable.
class MeteredSink final : public RecordSink {
 public:
  MeteredSink(std::unique_ptr<RecordSink> inner, Meter& meter)
      : inner_(std::move(inner)), meter_(meter) {}

  Status append(std::string_view topic, Record record, Tag tag) override {
    return inner_->append(topic, std::move(record), tag);
  }
  std::size_t poll(std::vector<Delivery>& out) override {
    const std::size_t had = out.size();
    const std::size_t told = inner_->poll(out);
    std::uint64_t durable = 0;
    for (std::size_t i = had; i < out.size(); ++i)
      durable += out[i].status.is_ok() ? 1 : 0;
    meter_.done(durable);
    return told;
  }
  Status flush(std::chrono::milliseconds timeout) override { return inner_->flush(timeout); }
  void on_delivery(std::function<void()> wake) override { inner_->on_delivery(std::move(wake)); }

 private:
  std::unique_ptr<RecordSink> inner_;
  Meter& meter_;
};

}  // namespace bora::bench
