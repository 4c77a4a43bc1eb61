#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace bora::host {

/// A payload for people, without its secrets.
struct Redacted {
  std::string text;
  bool is_cut = false;
};

/// What people may see of a payload that is JSON: every value whose name sounds like a secret ("auth",
/// "password", "token" ...) reads "***", at any depth. Of one that is no JSON nothing is known, so only
/// its size is told. Longer texts than `most` are cut.
[[nodiscard]] Redacted redacted(std::string_view payload, std::size_t most = 16 << 10);

/// Whether a field or header of this name is taken for a secret.
[[nodiscard]] bool sounds_secret(std::string_view name) noexcept;

}  // namespace bora::host
