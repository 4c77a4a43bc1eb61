#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bora/status.hpp"
#include "connectors/kafka/options.hpp"

namespace bora::kafka {

class Client;

enum class Cleanup : std::uint8_t {
  kDelete,   ///< Records leave by age or size.
  kCompact,  ///< The newest record of each key stays.
};

/// What a topic is to be made with. What is absent is left to the broker's defaults.
struct TopicSpec {
  std::string name;
  std::optional<std::uint32_t> partitions = std::nullopt;
  std::optional<std::uint32_t> replication = std::nullopt;
  std::optional<std::chrono::milliseconds> retention = std::nullopt;  ///< Negative: for ever.
  Cleanup cleanup = Cleanup::kDelete;
};

struct TopicDescription {
  std::string name;
  std::uint32_t partitions = 0;
  std::uint32_t replication = 0;          ///< The smallest of its partitions.
  std::chrono::milliseconds retention{};  ///< Negative: for ever.
  Cleanup cleanup = Cleanup::kDelete;
  std::uint32_t min_in_sync_replicas = 1;
};

/// The offsets that one partition holds: [begin, end).
struct OffsetRange {
  std::int64_t begin = 0;
  std::int64_t end = 0;
};

/// Topics of a cluster, looked at and made: for commands and the start of a process.
///
/// Threads: one at a time. Every call waits for the broker, at most for the timeout.
/// Fails: kUnavailable when no broker answers; kNotFound for a topic that is not there; kInvalid for
/// what the broker refuses.
class TopicAdmin {
 public:
  /// Starts a client; nothing is connected yet. Fails: kInvalid for the configuration.
  [[nodiscard]] static Result<std::unique_ptr<TopicAdmin>> make(
      const KafkaOptions& options, std::chrono::milliseconds timeout = std::chrono::seconds{10});
  ~TopicAdmin();

  /// Returns when the topic can be described. Fails: kInvalid when it exists already.
  Status create(const TopicSpec& spec);
  [[nodiscard]] Result<TopicDescription> describe(const std::string& topic);
  /// By partition.
  [[nodiscard]] Result<std::vector<OffsetRange>> offsets(const std::string& topic);
  /// What the group has committed, by partition; -1 where it has committed nothing.
  [[nodiscard]] Result<std::vector<std::int64_t>> committed(const std::string& topic,
                                                            const std::string& group);

 private:
  TopicAdmin(KafkaOptions options, std::unique_ptr<Client> client,
             std::chrono::milliseconds timeout);
  [[nodiscard]] Result<Client*> group_client(const std::string& group);
  [[nodiscard]] Status describe_configuration(TopicDescription& topic);

  KafkaOptions options_;
  std::unique_ptr<Client> client_;
  /// One that only asks for commits, by group.
  std::map<std::string, std::unique_ptr<Client>, std::less<>> group_clients_;
  std::chrono::milliseconds timeout_;
};

}  // namespace bora::kafka
