#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include "bora/clock.hpp"
#include "connectors/rocksdb/key_codec.hpp"
#include "topologies/coldchain/series_store.hpp"

/// The keys and values of the embedded store. Private to it.
///
///   device id u64 | series u8 | time i64, sign bit flipped | gateway id u64
///
/// All big-endian: a curve lies in one piece, by time. A temperature is its eight bytes, little-endian;
/// a battery is one byte.
namespace bora::datapoints::internal {

inline constexpr std::size_t kKeyBytes = 25;
inline constexpr std::size_t kTimeOffset = 9;

[[nodiscard]] inline std::uint64_t flip_sign(std::int64_t value) noexcept {
  return static_cast<std::uint64_t>(value) ^ (std::uint64_t{1} << 63);
}
[[nodiscard]] inline WallTime time_of_key(std::string_view key) {
  return from_millis(
      static_cast<std::int64_t>(store::read_u64(key, kTimeOffset) ^ (std::uint64_t{1} << 63)));
}
[[nodiscard]] inline coldchain::DeviceId device_of_key(std::string_view key) {
  return coldchain::DeviceId{store::read_u64(key, 0)};
}

inline void append_curve(std::string& key, coldchain::DeviceId device, coldchain::Series series) {
  store::append_u64(key, to_uint(device));
  key.push_back(static_cast<char>(series));
}
/// The first key of a curve at or after `time`.
[[nodiscard]] inline std::string key_at(coldchain::DeviceId device, coldchain::Series series,
                                        WallTime time) {
  std::string key;
  append_curve(key, device, series);
  store::append_u64(key, flip_sign(to_millis(time)));
  return key;
}
/// The first key of a curve after `time`, or after the curve.
[[nodiscard]] inline std::string key_after(coldchain::DeviceId device, coldchain::Series series,
                                           WallTime time) {
  return store::after_prefix(key_at(device, series, time));
}
inline void append_key(std::string& key, const coldchain::SeriesPoint& point) {
  append_curve(key, point.device_id, point.series);
  store::append_u64(key, flip_sign(to_millis(point.time)));
  store::append_u64(key, to_uint(point.gateway_id));
}

inline void append_value(std::string& out, const coldchain::SeriesPoint& point) {
  if (point.series == coldchain::Series::kBattery) {
    out.push_back(static_cast<char>(static_cast<std::uint8_t>(point.value)));
    return;
  }
  std::uint64_t bits = 0;
  std::memcpy(&bits, &point.value, sizeof bits);
  for (int shift = 0; shift < 64; shift += 8)
    out.push_back(static_cast<char>(bits >> shift));
}

/// Nothing when the two are no point.
[[nodiscard]] inline std::optional<coldchain::SeriesPoint> read_point(std::string_view key,
                                                                      std::string_view value) {
  if (key.size() != kKeyBytes) return std::nullopt;
  coldchain::SeriesPoint point{.device_id = device_of_key(key),
                               .gateway_id = coldchain::GatewayId{store::read_u64(key, 17)},
                               .time = time_of_key(key),
                               .value = 0,
                               .series = static_cast<coldchain::Series>(key[8])};
  if (point.series == coldchain::Series::kBattery && value.size() == 1) {
    point.value = static_cast<unsigned char>(value[0]);
    return point;
  }
  if (point.series != coldchain::Series::kTemperature || value.size() != 8) return std::nullopt;
  std::uint64_t bits = 0;
  for (std::size_t i = 8; i-- > 0;)
    bits = (bits << 8) | static_cast<unsigned char>(value[i]);
  std::memcpy(&point.value, &bits, sizeof bits);
  return point;
}

}  // namespace bora::datapoints::internal
