#pragma once

#include <string_view>

namespace bora::host {

/// host/page.html.
[[nodiscard]] std::string_view page() noexcept;

}  // namespace bora::host
