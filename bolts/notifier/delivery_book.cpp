#include "bolts/notifier/delivery_book.hpp"

#include <utility>

#include "bora/check.hpp"

namespace bora::notify {

std::optional<DeliveryBook::Slot> DeliveryBook::find(const std::string& key) const {
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return std::nullopt;
  return found->second;
}

DeliveryBook::Slot DeliveryBook::begin(const std::string& key) {
  BORA_CHECK(!key.empty(), "a notification without a key");
  if (free_.empty()) {
    free_.push_back(static_cast<Slot>(keys_.size()));
    keys_.emplace_back();
  }
  const Slot slot = free_.back();
  const bool is_new = by_key_.emplace(key, slot).second;
  BORA_CHECK(is_new, "a notification is under way twice");
  free_.pop_back();
  keys_[slot] = key;
  return slot;
}

void DeliveryBook::end_told(Slot slot) {
  const std::string key = keys_[slot];
  end(slot);
  if (remembered_ == 0 || !told_.insert(key).second) return;
  told_in_order_.push_back(key);
  if (told_in_order_.size() <= remembered_) return;
  told_.erase(told_in_order_.front());
  told_in_order_.pop_front();
}

void DeliveryBook::end(Slot slot) {
  BORA_CHECK(slot < keys_.size() && !keys_[slot].empty(),
             "the outcome of a notification that is not under way");
  by_key_.erase(keys_[slot]);
  keys_[slot].clear();
  free_.push_back(slot);
}

}  // namespace bora::notify
