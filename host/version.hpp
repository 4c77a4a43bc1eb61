#pragma once

#include <string_view>

namespace bora::host {

/// Of Bora: "0.1.0".
[[nodiscard]] std::string_view version() noexcept;
/// "GCC 12.2.0"
[[nodiscard]] std::string_view compiler() noexcept;

}  // namespace bora::host
