#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "topologies/coldchain/registry.hpp"

namespace bora::coldchain {

/// The registry as a local table: what the compacted topic `registry` says, for bolts to ask at every
/// tuple (60 ns).
///
///   if (!view.is_ready()) throw Unavailable("the registry is still being read");
///   const auto device = view.device(id);   // null: unknown
///
/// Entries never change: a change puts a new one in the old one's place. So whoever derives something
/// from an entry keeps the pointer beside it, and `kept == view.device(id)` tells at every use, without
/// any notification, whether what was derived still holds.
///
/// Memory: about 210 bytes per device or gateway, and 100 for each entry of its config, more when its
/// texts are longer than 15 bytes; size() knows.
///
/// Threads: one thread writes (apply, set_ready, set_unready), any threads read. A read takes the lock of one of 64
/// shards for a look-up in a hash table; apply() holds it no longer.
class RegistryView {
 public:
  RegistryView() = default;
  RegistryView(const RegistryView&) = delete;
  RegistryView& operator=(const RegistryView&) = delete;

  /// Null: no such device is registered, or it was deleted, as far as the topic was read.
  [[nodiscard]] std::shared_ptr<const DeviceEntry> device(DeviceId id) const;
  [[nodiscard]] std::shared_ptr<const GatewayEntry> gateway(GatewayId id) const;

  /// Whether the whole topic was read and understood. Else an unknown device may be one not read yet.
  [[nodiscard]] bool is_ready() const noexcept { return ready_.load(std::memory_order_acquire); }
  /// Grows with every change: while it is the same, so is every entry.
  [[nodiscard]] std::uint64_t version() const noexcept {
    return version_.load(std::memory_order_acquire);
  }

  struct Size {
    std::size_t devices = 0;
    std::size_t gateways = 0;
    std::size_t bytes = 0;  ///< Memory held, by the sizes asked of the allocator.
  };
  [[nodiscard]] Size size() const noexcept;

  /// The writer: from the return on readers see the change.
  void apply(RegistryChange change);
  /// The writer: everything that the topic held at the start was applied.
  void set_ready() noexcept { ready_.store(true, std::memory_order_release); }
  /// The writer: something that the topic holds was not applied.
  void set_unready() noexcept { ready_.store(false, std::memory_order_release); }

 private:
  static constexpr std::size_t kShards = 64;
  template <class Id, class Entry>
  struct alignas(64) Shard {
    mutable std::mutex mutex;
    std::unordered_map<Id, std::shared_ptr<const Entry>> entries;  // guarded by mutex
  };
  template <class Id, class Entry>
  using Table = std::array<Shard<Id, Entry>, kShards>;

  template <class Id, class Entry>
  void put(Table<Id, Entry>& table, std::atomic<std::size_t>& count, Entry entry);
  template <class Id, class Entry>
  void erase(Table<Id, Entry>& table, std::atomic<std::size_t>& count, Id id);

  Table<DeviceId, DeviceEntry> devices_;
  Table<GatewayId, GatewayEntry> gateways_;
  std::atomic<std::size_t> device_count_{0};
  std::atomic<std::size_t> gateway_count_{0};
  std::atomic<std::size_t> bytes_{0};
  // Released by apply() after the change is in its shard, acquired by version().
  std::atomic<std::uint64_t> version_{0};
  // Released by set_ready() after every apply() before it, acquired by is_ready().
  std::atomic<bool> ready_{false};
};

}  // namespace bora::coldchain
