#include "topologies/coldchain/registry_view.hpp"

#include <utility>

namespace bora::coldchain {
namespace {

/// Ids are mostly consecutive: multiplying spreads them (Knuth, Fibonacci hashing).
template <class Id>
std::size_t shard_of(Id id, std::size_t shards) noexcept {
  const std::uint64_t spread = static_cast<std::uint64_t>(id) * 0x9e37'79b9'7f4a'7c15ULL;
  return static_cast<std::size_t>(spread >> 32) % shards;
}

std::size_t heap_of(const std::string& text) noexcept {
  constexpr std::size_t kInline = 15;  // libstdc++ keeps so many bytes inside the string
  return text.capacity() > kInline ? text.capacity() + 1 : 0;
}

/// The entry with its count of owners, its place in the table, and what its texts hold.
template <class Entry>
std::size_t bytes_of(const Entry& entry) noexcept {
  constexpr std::size_t kOwnerCount = 16;
  constexpr std::size_t kTableNode = 40;
  constexpr std::size_t kConfigNode = 32 + 2 * sizeof(std::string);
  std::size_t bytes = sizeof(Entry) + kOwnerCount + kTableNode + heap_of(entry.auth_hash);
  for (const auto& [key, value] : entry.config)
    bytes += kConfigNode + heap_of(key) + heap_of(value);
  return bytes;
}

template <class Table, class Id>
auto find(const Table& table, Id id) {
  const auto& shard = table[shard_of(id, table.size())];
  const std::lock_guard lock(shard.mutex);
  const auto at = shard.entries.find(id);
  return at == shard.entries.end() ? nullptr : at->second;
}

}  // namespace

std::shared_ptr<const DeviceEntry> RegistryView::device(DeviceId id) const {
  return find(devices_, id);
}

std::shared_ptr<const GatewayEntry> RegistryView::gateway(GatewayId id) const {
  return find(gateways_, id);
}

RegistryView::Size RegistryView::size() const noexcept {
  return {.devices = device_count_.load(std::memory_order_relaxed),
          .gateways = gateway_count_.load(std::memory_order_relaxed),
          .bytes = bytes_.load(std::memory_order_relaxed)};
}

template <class Id, class Entry>
void RegistryView::put(Table<Id, Entry>& table, std::atomic<std::size_t>& count, Entry entry) {
  auto fresh = std::make_shared<const Entry>(std::move(entry));
  bytes_.fetch_add(bytes_of(*fresh), std::memory_order_relaxed);
  auto& shard = table[shard_of(fresh->id, table.size())];
  std::shared_ptr<const Entry> old;  // dies outside of the lock
  {
    const std::lock_guard lock(shard.mutex);
    auto& place = shard.entries[fresh->id];
    old = std::exchange(place, std::move(fresh));
  }
  if (old) {
    bytes_.fetch_sub(bytes_of(*old), std::memory_order_relaxed);
  } else {
    count.fetch_add(1, std::memory_order_relaxed);
  }
}

template <class Id, class Entry>
void RegistryView::erase(Table<Id, Entry>& table, std::atomic<std::size_t>& count, Id id) {
  auto& shard = table[shard_of(id, table.size())];
  std::shared_ptr<const Entry> old;  // dies outside of the lock
  {
    const std::lock_guard lock(shard.mutex);
    const auto at = shard.entries.find(id);
    if (at == shard.entries.end()) return;
    old = std::move(at->second);
    shard.entries.erase(at);
  }
  bytes_.fetch_sub(bytes_of(*old), std::memory_order_relaxed);
  count.fetch_sub(1, std::memory_order_relaxed);
}

void RegistryView::apply(RegistryChange change) {
  if (auto* device = std::get_if<DeviceEntry>(&change)) {
    put(devices_, device_count_, std::move(*device));
  } else if (auto* gateway = std::get_if<GatewayEntry>(&change)) {
    put(gateways_, gateway_count_, std::move(*gateway));
  } else if (const auto* device_id = std::get_if<DeviceId>(&change)) {
    erase(devices_, device_count_, *device_id);
  } else {
    erase(gateways_, gateway_count_, std::get<GatewayId>(change));
  }
  version_.fetch_add(1, std::memory_order_release);
}

}  // namespace bora::coldchain
