#include "topologies/parts/tapped.hpp"

#include <string>
#include <utility>

namespace bora::parts {

namespace {

host::TapRecord shown(std::string_view topic, const Record& record) {
  host::TapRecord out{.value = record.value};
  out.topic = topic;
  if (record.key) out.key = *record.key;
  for (const RecordHeader& header : record.headers)
    out.headers.emplace_back(header.key, header.value);
  return out;
}

class TappedSource final : public RecordSource {
 public:
  TappedSource(host::Taps& taps, std::unique_ptr<RecordSource> source)
      : source_(std::move(source)), tap_(taps.point("read:" + std::string{source_->topic()})) {}

  [[nodiscard]] std::string_view topic() const noexcept override { return source_->topic(); }
  Status open(AssignmentListener& listener, std::function<void()> wake) override {
    return source_->open(listener, std::move(wake));
  }
  Result<std::size_t> poll(std::size_t max, std::vector<SourceRecord>& out) override {
    auto polled = source_->poll(max, out);
    if (polled && tap_->is_watched())
      for (std::size_t i = out.size() - *polled; i < out.size(); ++i)
        show(out[i]);
    return polled;
  }
  void pause() override { source_->pause(); }
  void resume() override { source_->resume(); }
  Status commit(std::span<const CommitRequest> requests) override {
    return source_->commit(requests);
  }
  [[nodiscard]] std::optional<std::uint64_t> lag() const override { return source_->lag(); }
  [[nodiscard]] std::vector<PartitionLag> partition_lags() const override {
    return source_->partition_lags();
  }
  void close() override { source_->close(); }

 private:
  void show(const SourceRecord& record) {
    host::TapRecord seen = shown(source_->topic(), record.record);
    seen.partition = record.position.partition;
    seen.offset = record.position.offset;
    tap_->offer(seen);
  }

  const std::unique_ptr<RecordSource> source_;
  const std::shared_ptr<host::TapPoint> tap_;  // with the taps of the process
};

class TappedSink final : public RecordSink {
 public:
  TappedSink(host::Taps& taps, std::unique_ptr<RecordSink> sink)
      : taps_(taps), sink_(std::move(sink)) {}

  // What is shown may be refused: it is what was meant to be written.
  Status append(std::string_view topic, Record record, Tag tag) override {
    if (topic != topic_) {  // most write to one
      topic_ = topic;
      tap_ = taps_.point("write:" + topic_);
    }
    if (tap_->is_watched()) tap_->offer(shown(topic, record));
    return sink_->append(topic, std::move(record), tag);
  }
  std::size_t poll(std::vector<Delivery>& out) override { return sink_->poll(out); }
  Status flush(std::chrono::milliseconds timeout) override { return sink_->flush(timeout); }
  void on_delivery(std::function<void()> wake) override { sink_->on_delivery(std::move(wake)); }

 private:
  host::Taps& taps_;
  const std::unique_ptr<RecordSink> sink_;
  std::string topic_;
  std::shared_ptr<host::TapPoint> tap_;  // of topic_; with the taps of the process
};

}  // namespace

std::unique_ptr<RecordSource> tapped(host::Taps* taps, std::unique_ptr<RecordSource> source) {
  if (taps == nullptr) return source;
  return std::make_unique<TappedSource>(*taps, std::move(source));
}

std::unique_ptr<RecordSink> tapped(host::Taps* taps, std::unique_ptr<RecordSink> sink) {
  if (taps == nullptr) return sink;
  return std::make_unique<TappedSink>(*taps, std::move(sink));
}

}  // namespace bora::parts
