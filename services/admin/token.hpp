#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "bora/clock.hpp"
#include "bora/status.hpp"
#include "services/admin/permission.hpp"

namespace bora::admin {

/// What a token says, as its issuer meant it.
struct Claims {
  std::string user;
  Permission permission = Permission::kRead;
  std::uint64_t generation = 0;  ///< Of the user's record: another one makes the token worthless.
  std::chrono::seconds issued_at{0};  ///< Since 1970.
  std::chrono::seconds expires_at{0};
  bool operator==(const Claims&) const = default;
};

/// Makes and checks JSON Web Tokens (RFC 7519), signed with HMAC-SHA-256 and nothing else: the
/// algorithm is not read from the token, the whole header must be the one that issue() writes.
///
/// Threads: immutable after construction.
class Tokens {
 public:
  static constexpr std::size_t kKeyBytes = 32;
  static constexpr std::size_t kMaxTokenBytes = 1024;  ///< A longer one is refused unread.
  /// By how much the clocks of two machines that share a key may differ.
  static constexpr std::chrono::seconds kLeeway{30};
  using Key = std::array<unsigned char, kKeyBytes>;

  explicit Tokens(const Key& key) noexcept : key_(key) {}
  ~Tokens();
  Tokens(const Tokens&) = delete;
  Tokens& operator=(const Tokens&) = delete;

  [[nodiscard]] std::string issue(const Claims& claims) const;

  /// Fails: kInvalid with a word for the log of what was wrong ("malformed", "forged", "expired",
  /// "not yet valid"), never with a part of the token.
  [[nodiscard]] Result<Claims> check(std::string_view token, WallTime now) const;

 private:
  [[nodiscard]] std::array<unsigned char, 32> sign(std::string_view text) const;

  Key key_;
};

/// The key in `file`, which is made (mode 600, 32 random bytes) when it does not exist.
/// Fails: kInvalid when the file has another size or others than its owner may read it, kUnavailable
/// when it can be neither read nor made.
[[nodiscard]] Result<Tokens::Key> load_or_make_key(const std::filesystem::path& file);

}  // namespace bora::admin
