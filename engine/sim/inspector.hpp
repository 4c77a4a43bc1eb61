#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "bora/internal/tree_ref.hpp"

namespace bora::internal {

class Runtime;
class SpoutRunner;

/// Looks at a topology between two steps and says which of the engine's invariants do not hold.
/// Threads: single-owner; no executor may be inside a step.
class Inspector {
 public:
  using Fault = std::function<void(const std::string&)>;
  Inspector(const Runtime& runtime, Fault fault);

  /// What holds always: counters conserve; what is in flight keeps to its caps; a tree that is done or
  /// was never opened has no tuple; every tuple on its way has its count.
  void look();
  /// What holds after a drain, beside that: nothing is left anywhere.
  void look_after_drain();

 private:
  void recount();
  void look_at(const SpoutRunner& spout);
  void look_at_slot(const SpoutRunner& spout, std::uint32_t slot, bool is_free);
  void look_at_bytes();

  const Runtime& runtime_;
  const Fault fault_;
  std::vector<std::uint32_t> references_;  // by tree: tuples and joints that were found
  std::vector<std::uint32_t> completed_;   // by tree: times that it waits for its spout as complete
  std::unordered_map<TreeRef, std::uint32_t> joints_;  // by joint: tuples and joints found
  std::vector<bool> is_free_;                          // by slot of the spout looked at
  std::vector<std::uint64_t> opened_;                  // by spout, when looked at last
  std::vector<std::uint64_t> completed_before_;
  std::size_t bytes_ = 0;
};

}  // namespace bora::internal
