#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "bora/record.hpp"

namespace bora::log {

class TopicLog;

struct LogSinkOptions {
  /// Most bytes gathered while an earlier batch of this sink is being written; beyond it append()
  /// answers kUnavailable.
  std::size_t max_gathered_bytes = 1u << 20;
};

/// A producer into topics of a TopicLog. The first record goes out at once; those that follow gather
/// while it is being written and go out together with the next call of append(), poll() or flush()
/// after it is done, so an idle sink adds no delay and a busy one writes large batches.
/// A refusal (kUnavailable) comes only while something is under way: a wake follows it. For that, a
/// sink with nothing under way takes one record even when the log's queue is full.
///
/// Threads: as RecordSink says. Lifetime: dies before the log; outcomes not polled by then are lost.
class LogSink final : public RecordSink {
 public:
  explicit LogSink(TopicLog& log, LogSinkOptions options = {});
  ~LogSink() override;
  LogSink(const LogSink&) = delete;
  LogSink& operator=(const LogSink&) = delete;

  Status append(std::string_view topic, Record record, Tag tag) override;
  std::size_t poll(std::vector<Delivery>& out) override;
  Status flush(std::chrono::milliseconds timeout) override;
  void on_delivery(std::function<void()> wake) override;

 private:
  class Mailbox;
  struct Gathered;
  void submit_gathered();

  TopicLog& log_;
  LogSinkOptions options_;
  std::shared_ptr<Mailbox>
      mailbox_;  ///< Shared with the writer thread, which may outlive the sink.
  std::unique_ptr<Gathered> gathered_;
};

}  // namespace bora::log
