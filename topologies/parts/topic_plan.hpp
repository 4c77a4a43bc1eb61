#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bora/status.hpp"

namespace bora::parts {

/// A topic as a program needs it. What is absent does not matter: it is made with the default of
/// wherever the topics are, and verified as it is.
struct TopicPlan {
  std::string name;
  std::optional<std::uint32_t> partitions = std::nullopt;
  std::optional<std::uint32_t> replication = std::nullopt;  ///< Not for the embedded log.
  std::optional<std::chrono::milliseconds> retention = std::nullopt;
  enum class Cleanup : std::uint8_t {
    kDelete,   ///< Records leave by age or size.
    kCompact,  ///< The newest record of each key stays.
  };
  std::optional<Cleanup> cleanup = Cleanup::kDelete;
};

/// How `found` differs from `wanted`, a phrase for each property; empty when it does not.
[[nodiscard]] std::vector<std::string> differences(const TopicPlan& wanted, const TopicPlan& found);

/// Topics as commands see them, wherever they are: see make_topic_tools().
/// Threads: single-owner. Calls wait for the broker or the disk.
/// Fails: kNotFound for a topic that is not there, kUnavailable when no broker answers or another
/// process has the embedded log open.
class TopicTools {
 public:
  virtual ~TopicTools() = default;
  /// Fails: kInvalid when it exists already.
  virtual Status create(const TopicPlan& plan) = 0;
  /// With everything that is known of it.
  [[nodiscard]] virtual Result<TopicPlan> describe(const std::string& topic) = 0;
  /// The offset that the next record gets, by partition.
  [[nodiscard]] virtual Result<std::vector<std::int64_t>> ends(const std::string& topic) = 0;
  /// Records that the group has not committed yet: all when it never read the topic.
  [[nodiscard]] virtual Result<std::uint64_t> lag(const std::string& topic,
                                                  const std::string& group) = 0;
};

/// Success when each topic is there and as planned; else what is wrong with each and, when it is
/// missing, the command of `program` that makes it.
[[nodiscard]] Status verify(TopicTools& tools, std::span<const TopicPlan> plans,
                            std::string_view program);

}  // namespace bora::parts
