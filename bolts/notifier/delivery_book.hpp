#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace bora::notify {

/// Which notification is under way as what, and which ones were told lately: so that one key is under
/// way once, and not told again right after.
/// Threads: single-owner.
class DeliveryBook {
 public:
  using Slot = std::uint32_t;

  /// `remembered`: told keys that are kept, the oldest go first.
  explicit DeliveryBook(std::size_t remembered) : remembered_(remembered) {}

  [[nodiscard]] bool was_told(const std::string& key) const { return told_.count(key) != 0; }
  [[nodiscard]] std::optional<Slot> find(const std::string& key) const;
  /// A free slot becomes this key's. Requires: it has none.
  [[nodiscard]] Slot begin(const std::string& key);
  /// Its notification was told, and is remembered.
  void end_told(Slot slot);
  /// It was not.
  void end(Slot slot);

  /// One more than the largest slot that was ever begun.
  [[nodiscard]] std::size_t slots() const noexcept { return keys_.size(); }
  [[nodiscard]] std::size_t under_way() const noexcept { return keys_.size() - free_.size(); }
  [[nodiscard]] bool is_under_way(Slot slot) const { return !keys_[slot].empty(); }

 private:
  const std::size_t remembered_;
  std::vector<std::string> keys_;  // by slot; empty when free
  std::vector<Slot> free_;
  std::unordered_map<std::string, Slot> by_key_;
  std::unordered_set<std::string> told_;
  std::deque<std::string> told_in_order_;
};

}  // namespace bora::notify
