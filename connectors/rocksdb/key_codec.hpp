#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "bora/check.hpp"

namespace bora::store {

/// Numbers in keys are big-endian, so that the order of bytes is the order of numbers.
inline void append_u16(std::string& key, std::uint16_t value) {
  key.push_back(static_cast<char>(value >> 8));
  key.push_back(static_cast<char>(value));
}
inline void append_u32(std::string& key, std::uint32_t value) {
  append_u16(key, static_cast<std::uint16_t>(value >> 16));
  append_u16(key, static_cast<std::uint16_t>(value));
}
inline void append_u64(std::string& key, std::uint64_t value) {
  append_u32(key, static_cast<std::uint32_t>(value >> 32));
  append_u32(key, static_cast<std::uint32_t>(value));
}

namespace internal {
template <class T>
[[nodiscard]] T read_big_endian(std::string_view key, std::size_t at) {
  BORA_CHECK(at <= key.size() && key.size() - at >= sizeof(T), "key shorter than its layout");
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i)
    value = (value << 8) | static_cast<unsigned char>(key[at + i]);
  return static_cast<T>(value);
}
}  // namespace internal

/// Read what append_* wrote at `at`. Requires: the key is long enough; check the size of keys that
/// come from outside first.
[[nodiscard]] inline std::uint16_t read_u16(std::string_view key, std::size_t at) {
  return internal::read_big_endian<std::uint16_t>(key, at);
}
[[nodiscard]] inline std::uint32_t read_u32(std::string_view key, std::size_t at) {
  return internal::read_big_endian<std::uint32_t>(key, at);
}
[[nodiscard]] inline std::uint64_t read_u64(std::string_view key, std::size_t at) {
  return internal::read_big_endian<std::uint64_t>(key, at);
}

/// The first key that does not start with `prefix` and sorts after all that do: the upper bound of a
/// scan. Empty when there is none (the prefix is empty or all 0xff).
[[nodiscard]] inline std::string after_prefix(std::string_view prefix) {
  std::string bound{prefix};
  while (!bound.empty() && static_cast<unsigned char>(bound.back()) == 0xff)
    bound.pop_back();
  if (!bound.empty())
    bound.back() = static_cast<char>(static_cast<unsigned char>(bound.back()) + 1);
  return bound;
}

}  // namespace bora::store
