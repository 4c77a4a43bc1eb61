#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "bora/check.hpp"
#include "bora/clock.hpp"
#include "connectors/log/topic_log.hpp"
#include "topologies/parts/topics.hpp"

namespace bora::parts {

/// The embedded topic log as a part of a process: opened before the topologies that use it, closed
/// after them. A thread of its own drives its retention, once a minute, and looks whether a disk that
/// took no more does so again; meanwhile the part is unready and says why.
/// Threads: log() and the connections from any thread between start() and stop().
class LogPart final : public TopicsPart {
 public:
  /// `clock` outlives the part.
  LogPart(log::LogOptions options, const Clock& clock);
  ~LogPart() override;

  [[nodiscard]] std::string_view name() const noexcept override { return "topic log"; }
  void attach(host::ServiceHost host) override;
  Status start() override;
  void stop(std::chrono::milliseconds deadline) override;
  [[nodiscard]] std::vector<host::Sample> samples() const override;
  [[nodiscard]] std::optional<std::string> unready() const override;

  /// Requires: started.
  [[nodiscard]] log::TopicLog& log() const {
    BORA_CHECK(log_ != nullptr, "the topic log is used before it was opened");
    return *log_;
  }
  [[nodiscard]] RecordConnections connections(std::string topic, std::string group) override;
  [[nodiscard]] std::function<std::unique_ptr<RecordSource>()> table(std::string topic) override;
  [[nodiscard]] std::function<std::unique_ptr<RecordSource>()> whole(std::string topic) override;
  [[nodiscard]] std::function<std::unique_ptr<RecordSource>()> newest(
      std::string topic, std::int64_t records) override;
  [[nodiscard]] RecordConnections connections_beside(std::string topic,
                                                     std::string group) override {
    return connections(std::move(topic), std::move(group));
  }
  [[nodiscard]] Result<std::unique_ptr<TopicTools>> tools() override;
  [[nodiscard]] std::function<std::unique_ptr<RecordSink>(std::uint32_t task)> sinks() override;

 private:
  class Keeper;
  log::LogOptions options_;
  const Clock& clock_;
  host::Taps* taps_ = nullptr;  // of the process, if there is one
  std::function<void(host::LogLevel, std::string_view)> say_ = [](host::LogLevel,
                                                                  std::string_view) {};
  std::unique_ptr<log::TopicLog> log_;
  std::unique_ptr<Keeper> keeper_;
};

}  // namespace bora::parts
