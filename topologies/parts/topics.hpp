#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "bora/record.hpp"
#include "bora/status.hpp"
#include "host/assembly.hpp"
#include "spouts/record_spout_driver.hpp"
#include "topologies/parts/topic_plan.hpp"

namespace bora::parts {

/// What becomes of a record that is read again after a failure.
enum class Delivery : std::uint8_t {
  kAtLeastOnce,  ///< Its results may be there twice.
  kExactlyOnce,  ///< They are not, for who reads committed records. Kafka only.
};

/// The topics of a process, wherever they are: in the embedded log (LogPart) or in Kafka.
///
/// In a process, what goes through its sources and sinks can be tapped: streams `read:TOPIC` and
/// `write:TOPIC`.
///
/// The functions that it hands out connect when they are called, so they may be asked for before
/// start(); what they make lives no longer than this part.
/// Threads: the getters from any; each source and sink belongs to the thread that uses it.
class TopicsPart : public host::Service {
 public:
  /// What a RecordSpout on `topic`, as a member of `group`, needs.
  [[nodiscard]] virtual RecordConnections connections(std::string topic, std::string group) = 0;
  /// The whole of a compacted topic, for a table: every partition from its first record on, member of no
  /// group, commits ignored. lag() is known once open, and 0 when caught up.
  [[nodiscard]] virtual std::function<std::unique_ptr<RecordSource>()> table(std::string topic) = 0;
  /// The same of a topic of any kind, which stays what it is: table() has an embedded log compact it.
  [[nodiscard]] virtual std::function<std::unique_ptr<RecordSource>()> whole(std::string topic) = 0;
  /// The same from at most the last `records` of each partition on: to look at what is new.
  [[nodiscard]] virtual std::function<std::unique_ptr<RecordSource>()> newest(
      std::string topic, std::int64_t records) = 0;
  /// As connections(), for work beside the topologies: never within a transaction of theirs.
  [[nodiscard]] virtual RecordConnections connections_beside(std::string topic,
                                                             std::string group) = 0;
  /// Looks at topics while the process runs, for one thread at a time; a broker is waited for a second
  /// or two. Requires: started.
  [[nodiscard]] virtual Result<std::unique_ptr<TopicTools>> tools() = 0;
  /// What a RecordSinkBolt needs: a sink of its own for each task.
  [[nodiscard]] virtual std::function<std::unique_ptr<RecordSink>(std::uint32_t task)> sinks() = 0;
};

}  // namespace bora::parts
