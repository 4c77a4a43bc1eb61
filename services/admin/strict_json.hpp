#pragma once
// Private: includes nlohmann/json. For .cpp files of this folder.

#include <cstddef>
#include <string_view>

#include <nlohmann/json.hpp>

#include "bora/status.hpp"

namespace bora::admin {

inline constexpr std::size_t kMaxJsonDepth = 8;

/// One JSON object and nothing after it. Fails: kInvalid with what is wrong, never with a part of the
/// text: no JSON, no object, a name that stands twice, nested deeper than kMaxJsonDepth, no UTF-8.
[[nodiscard]] Result<nlohmann::json> parse_object(std::string_view text);

}  // namespace bora::admin
