#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace bora::admin {

/// Base64 with the alphabet of URLs, without padding (RFC 4648 section 5), as tokens have it.
[[nodiscard]] std::string encode_base64url(std::string_view bytes);
/// Strict: nothing beside the alphabet, no padding, no stray bits, so that nothing has two encodings.
[[nodiscard]] std::optional<std::string> decode_base64url(std::string_view text);

}  // namespace bora::admin
