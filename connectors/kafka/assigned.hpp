#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "bora/clock.hpp"

namespace bora::kafka {

/// One partition as a source sees it.
struct Assigned {
  enum class State : std::uint8_t {
    kNone,
    kStarting,  ///< Ours, but where it begins is not known yet: the listener has not heard of it.
    kReading,
    kLeaving,  ///< Revoked; nothing is read any more, commits still count.
  };
  State state = State::kNone;
  std::uint32_t partition = 0;
  std::uint32_t epoch = 0;
  std::int64_t next = 0;       ///< The first offset that was not returned.
  std::int64_t committed = 0;  ///< What the group goes on from.
  bool owes_seek = false;      ///< librdkafka stands elsewhere than at `next`.
  std::int64_t end = 0;        ///< Of the partition, at the assignment.
  WallTime last_time{};        ///< Of the record returned last.

  [[nodiscard]] bool is_ours() const noexcept {
    return state == State::kReading || state == State::kLeaving;
  }
};

/// Counts the assignments of each partition to one source, over all its memberships.
class Epochs {
 public:
  std::uint32_t next(std::uint32_t partition) { return ++counts_[partition]; }

 private:
  std::map<std::uint32_t, std::uint32_t> counts_;
};

/// What a source has of its topic, by partition.
class Assignment {
 public:
  /// Null when the partition never was ours.
  [[nodiscard]] Assigned* find(std::int32_t partition) noexcept {
    const auto index = static_cast<std::size_t>(static_cast<std::uint32_t>(partition));
    return index < partitions_.size() ? &partitions_[index] : nullptr;
  }
  Assigned& at(std::uint32_t partition) {
    while (partitions_.size() <= partition)
      partitions_.push_back({.partition = static_cast<std::uint32_t>(partitions_.size())});
    return partitions_[partition];
  }
  [[nodiscard]] auto begin() noexcept { return partitions_.begin(); }
  [[nodiscard]] auto end() noexcept { return partitions_.end(); }
  [[nodiscard]] auto begin() const noexcept { return partitions_.begin(); }
  [[nodiscard]] auto end() const noexcept { return partitions_.end(); }

  [[nodiscard]] std::vector<std::uint32_t> in(Assigned::State state) const {
    std::vector<std::uint32_t> found;
    for (const Assigned& one : partitions_)
      if (one.state == state) found.push_back(one.partition);
    return found;
  }

 private:
  std::vector<Assigned> partitions_;  // partitions of a topic are numbered from zero on
};

}  // namespace bora::kafka
