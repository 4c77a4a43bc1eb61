#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bora/clock.hpp"
#include "bora/status.hpp"
#include "services/admin/change.hpp"
#include "services/admin/users.hpp"
#include "topologies/coldchain/registry.hpp"

namespace bora::admin {

/// What a change made, and its number: the change may be answered when everything up to it is out.
template <class T>
struct Written {
  T value;
  std::uint64_t sequence = 0;
};

/// Part of a table, in the order of ids.
struct Page {
  std::optional<std::uint64_t> after = {};  ///< Begin behind this id.
  std::size_t limit = SIZE_MAX;
};

/// Devices, gateways, users and counters, in RocksDB. The source of what topic `registry` says.
///
/// A change is durable (synced) when its call returns, together with its Change; ids are given once
/// and never again.
///
/// Threads: thread-safe. Changes happen one after another.
/// Fails: reads kNotFound; changes as they say; all kUnavailable when the disk does not take it (the
/// store then takes no more changes until it is opened again) and kCorrupt.
class RegistryStore {
 public:
  using DeviceId = coldchain::DeviceId;
  using GatewayId = coldchain::GatewayId;
  using Device = coldchain::DeviceEntry;
  using Gateway = coldchain::GatewayEntry;
  using Config = coldchain::Config;

  /// Fails: kUnavailable while another process has it open, kInvalid when the directory holds
  /// something else or a newer format. `clock` outlives the store.
  [[nodiscard]] static Result<std::unique_ptr<RegistryStore>> open(
      const std::filesystem::path& path, const Clock& clock);
  ~RegistryStore();
  RegistryStore(const RegistryStore&) = delete;
  RegistryStore& operator=(const RegistryStore&) = delete;

  /// Gets every later change, in order, from inside the call that makes it; must not wait nor call
  /// back. Before the first change.
  void on_change(std::function<void(Change)> take);
  /// Changes that were not forgotten, in order.
  [[nodiscard]] Result<std::vector<Change>> pending() const;
  /// Everything up to `sequence` has happened. Not synced: what a crash brings back happens again.
  Status forget(std::uint64_t sequence);

  [[nodiscard]] Result<Device> device(DeviceId id) const;
  [[nodiscard]] Result<std::vector<Device>> devices(const Page& page) const;
  /// A new one is inactive.
  [[nodiscard]] Result<Written<Device>> create_device(const Actor& actor, std::string auth_hash,
                                                      Config config);
  [[nodiscard]] Result<Written<Device>> set_config(const Actor& actor, DeviceId id, Config config);
  [[nodiscard]] Result<Written<Device>> set_state(const Actor& actor, DeviceId id,
                                                  coldchain::State state);
  [[nodiscard]] Result<Written<DeviceId>> remove(const Actor& actor, DeviceId id);

  [[nodiscard]] Result<Gateway> gateway(GatewayId id) const;
  [[nodiscard]] Result<std::vector<Gateway>> gateways(const Page& page) const;
  [[nodiscard]] Result<Written<Gateway>> create_gateway(const Actor& actor, std::string auth_hash);
  [[nodiscard]] Result<Written<Gateway>> set_config(const Actor& actor, GatewayId id,
                                                    Config config);
  [[nodiscard]] Result<Written<GatewayId>> remove(const Actor& actor, GatewayId id);

  /// From memory.
  [[nodiscard]] std::optional<User> user(std::string_view name) const;
  [[nodiscard]] std::vector<User> users() const;
  /// kInvalid when there is one of this name.
  [[nodiscard]] Result<Written<User>> create_user(const Actor& actor, std::string name,
                                                  std::string password_hash, Permission permission);
  struct UserUpdate {
    std::optional<std::string> password_hash = {};
    std::optional<Permission> permission = {};
  };
  /// These two: kInvalid when nobody would be left who may administer.
  [[nodiscard]] Result<Written<User>> update_user(const Actor& actor, std::string_view name,
                                                  UserUpdate update);
  [[nodiscard]] Result<Written<std::string>> remove_user(const Actor& actor, std::string_view name);

 private:
  class Impl;
  explicit RegistryStore(std::unique_ptr<Impl> impl) noexcept;
  std::unique_ptr<Impl> impl_;
};

}  // namespace bora::admin
