#pragma once

#include <string_view>

namespace bora::host {

/// web/dist/index.html: the whole page, in ASCII. Any thread.
[[nodiscard]] std::string_view page() noexcept;

}  // namespace bora::host
