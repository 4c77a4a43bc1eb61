#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "bora/status.hpp"

namespace bora::coldchain {

/// bcrypt reads no more of a password; a longer one is refused instead of cut.
inline constexpr std::size_t kMaxPasswordBytes = 72;

/// "$2b$10$...": bcrypt with a fresh salt. `cost` is the binary logarithm of the rounds, 4 to 31: 10 is
/// some 50 ms of a core, each step more doubles it.
/// Fails: kInvalid for a password that is longer or holds a NUL; kInternal when the library refuses.
/// The text never holds the password.
/// Threads: any; takes its time.
[[nodiscard]] Result<std::string> hash_password(std::string_view password, int cost);

/// What no password hashes to: comparing with it takes as long as with a real hash of this cost, and
/// making it takes no time. Requires: cost is 4 to 31.
[[nodiscard]] std::string hash_of_nobody(int cost);

/// Whether `password` is the one that was hashed. False for what is no hash of bcrypt. Compares in
/// constant time, and leaves no copy of the password.
/// Threads: any; takes as long as the hash took.
[[nodiscard]] bool is_password(std::string_view password, const std::string& hash);

}  // namespace bora::coldchain
