#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace bora::authentication {

/// A secret of this process: never stored, never shown, another one after each start.
using MemoKey = std::array<std::uint64_t, 2>;

/// Stands for a secret that was checked, without telling it.
struct MemoTag {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
};
/// Takes the same time whatever the tags are.
[[nodiscard]] bool is_same(const MemoTag& a, const MemoTag& b) noexcept;

/// SipHash-2-4 with 128 bits of output (Aumasson, Bernstein: "SipHash: a fast short-input PRF", 2012):
/// without the key nobody can find bytes with a given tag, or two with the same. 50 ns for 80 bytes.
[[nodiscard]] MemoTag keyed_hash(const MemoKey& key, std::string_view bytes) noexcept;

/// The tag of "this secret was checked against this hash, for this id". A change of the registry's hash
/// is a change of the tag, so what was remembered is forgotten at once. Leaves no copy of the secret.
[[nodiscard]] MemoTag memo_tag(const MemoKey& key, std::uint64_t id, std::string_view secret,
                               std::string_view auth_hash) noexcept;

}  // namespace bora::authentication
