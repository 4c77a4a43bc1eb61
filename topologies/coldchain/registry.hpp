#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <variant>

#include "bora/record.hpp"
#include "bora/status.hpp"
#include "topologies/coldchain/messages.hpp"

/// Who may speak: devices and gateways, and the records of the compacted topic `registry` that tell
/// every topology of them.
///
///   key `device/123`, value {"version":1,"auth":"$2b$10$...","state":"active","config":{"name":"A"}}
///   key `gateway/7`,  value {"version":1,"auth":"$2b$10$...","config":{}}
///   a tombstone: the device or gateway does not exist any more
///
/// Threads: plain values and free functions; any.
namespace bora::coldchain {

inline constexpr std::string_view kRegistryTopic = "registry";
inline constexpr int kRegistryVersion = 1;
/// A value larger than this is refused both ways.
inline constexpr std::size_t kMaxRegistryValueBytes = std::size_t{256} * 1024;

/// What an operator says of a device or gateway: limits, name, group, owner.
using Config = std::map<std::string, std::string, std::less<>>;

enum class State : std::uint8_t { kInactive, kActive };
[[nodiscard]] std::string_view to_string(State state) noexcept;

struct DeviceEntry {
  DeviceId id{};
  std::string auth_hash;  ///< bcrypt of the secret's decimal digits.
  State state = State::kInactive;
  Config config;
  bool operator==(const DeviceEntry&) const = default;
};

struct GatewayEntry {
  GatewayId id{};
  std::string auth_hash;  ///< bcrypt of the secret's 40 hex digits.
  Config config;
  bool operator==(const GatewayEntry&) const = default;
};

/// What one record of the topic says: an entry as it is from now on, or whose entry is gone.
using RegistryChange = std::variant<DeviceEntry, GatewayEntry, DeviceId, GatewayId>;

/// `device/123`, `gateway/7`.
[[nodiscard]] std::string registry_key(DeviceId id);
[[nodiscard]] std::string registry_key(GatewayId id);

/// The record that says so. Fails: kInvalid when a text is not UTF-8, the hash is none (empty, longer
/// than 255 bytes, anything but visible ASCII), or the value would be larger than
/// kMaxRegistryValueBytes.
[[nodiscard]] Result<Record> registry_record(const DeviceEntry& entry);
[[nodiscard]] Result<Record> registry_record(const GatewayEntry& entry);
/// The record that says that the entry is gone.
[[nodiscard]] Record registry_tombstone(DeviceId id);
[[nodiscard]] Record registry_tombstone(GatewayId id);

/// Reads such a record. Exact: what registry_record() would not write is refused, a field that stands
/// twice or that this version does not know too; the order of fields and white space are free.
/// Fails: kInvalid, naming the key and the fault (a newer version among them), never the hash.
[[nodiscard]] Result<RegistryChange> read_registry_record(const Record& record);

}  // namespace bora::coldchain
