#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "bora/clock.hpp"
#include "connectors/rocksdb/key_codec.hpp"
#include "topologies/coldchain/messages.hpp"

/// The keys of the raw archive. Private to the archive.
///
///   device id u64 | insertion time i64, sign bit flipped | partition u32 | offset i64, sign flipped
///
/// All big-endian, so that the order of bytes is the order of device, then time, then place in the
/// topic; with the signs flipped negative numbers come first.
namespace bora::raw::internal {

inline constexpr std::size_t kKeyBytes = 28;
inline constexpr std::size_t kDeviceBytes = 8;

struct Key {
  coldchain::DeviceId device_id{};
  WallTime inserted{};
  std::uint32_t partition = 0;
  std::int64_t offset = 0;
};

[[nodiscard]] inline std::uint64_t flip_sign(std::int64_t value) noexcept {
  return static_cast<std::uint64_t>(value) ^ (std::uint64_t{1} << 63);
}
[[nodiscard]] inline std::int64_t unflip_sign(std::uint64_t value) noexcept {
  return static_cast<std::int64_t>(value ^ (std::uint64_t{1} << 63));
}

[[nodiscard]] inline std::string device_prefix(coldchain::DeviceId device_id) {
  std::string prefix;
  store::append_u64(prefix, to_uint(device_id));
  return prefix;
}

/// The first key of a device at or after `from`.
[[nodiscard]] inline std::string time_prefix(coldchain::DeviceId device_id, WallTime from) {
  std::string prefix = device_prefix(device_id);
  store::append_u64(prefix, flip_sign(to_millis(from)));
  return prefix;
}

inline void append_key(std::string& out, const Key& key) {
  store::append_u64(out, to_uint(key.device_id));
  store::append_u64(out, flip_sign(to_millis(key.inserted)));
  store::append_u32(out, key.partition);
  store::append_u64(out, flip_sign(key.offset));
}

/// Requires: bytes.size() == kKeyBytes.
[[nodiscard]] inline Key read_key(std::string_view bytes) {
  return {.device_id = coldchain::DeviceId{store::read_u64(bytes, 0)},
          .inserted = from_millis(unflip_sign(store::read_u64(bytes, 8))),
          .partition = store::read_u32(bytes, 16),
          .offset = unflip_sign(store::read_u64(bytes, 20))};
}

}  // namespace bora::raw::internal
