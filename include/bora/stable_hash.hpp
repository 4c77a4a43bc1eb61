#pragma once

#include <concepts>
#include <cstdint>
#include <string_view>
#include <type_traits>

namespace bora {

/// The hash behind fields groupings: the same on every machine and in every version, so that a key's
/// task depends on nothing but the key and the number of tasks.
template <class Integer>
  requires std::integral<Integer> || std::is_enum_v<Integer>
[[nodiscard]] constexpr std::uint64_t stable_hash(Integer value) noexcept {
  // The finaliser of SplitMix64 (Steele, Lea, Flood 2014): full avalanche, so that `% tasks` is even.
  auto x = static_cast<std::uint64_t>(value) + 0x9e37'79b9'7f4a'7c15ULL;
  x = (x ^ (x >> 30)) * 0xbf58'476d'1ce4'e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d0'49bb'1331'11ebULL;
  return x ^ (x >> 31);
}

[[nodiscard]] constexpr std::uint64_t stable_hash(std::string_view text) noexcept {
  std::uint64_t h = 0xcbf2'9ce4'8422'2325ULL;  // FNV-1a, 64 bits
  for (char c : text)
    h = (h ^ static_cast<unsigned char>(c)) * 0x100'0000'01b3ULL;
  return stable_hash(h);
}

}  // namespace bora
