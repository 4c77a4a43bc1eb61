#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "bora/check.hpp"
#include "bora/clock.hpp"
#include "connectors/log/topic_log.hpp"
#include "host/assembly.hpp"
#include "spouts/record_spout_driver.hpp"

namespace bora::parts {

/// The embedded topic log as a part of a process: opened before the topologies that use it, closed
/// after them. Drives its retention by a thread of its own, once a minute.
/// Threads: log() and the connections from any thread between start() and stop().
class LogPart final : public host::Service {
 public:
  /// `clock` outlives the part.
  LogPart(log::LogOptions options, const Clock& clock);
  ~LogPart() override;

  [[nodiscard]] std::string_view name() const noexcept override { return "topic log"; }
  Status start() override;
  void stop(std::chrono::milliseconds deadline) override;
  [[nodiscard]] std::vector<host::Sample> samples() const override;

  /// Requires: started.
  [[nodiscard]] log::TopicLog& log() const {
    BORA_CHECK(log_ != nullptr, "the topic log is used before it was opened");
    return *log_;
  }
  /// What a RecordSpout on `topic`, as a member of `group`, needs. Valid while this part lives.
  [[nodiscard]] RecordConnections connections(std::string topic, std::string group) const;

 private:
  class Keeper;
  log::LogOptions options_;
  const Clock& clock_;
  std::unique_ptr<log::TopicLog> log_;
  std::unique_ptr<Keeper> keeper_;
};

}  // namespace bora::parts
