#pragma once

#include <string_view>

namespace bora::admin {

/// services/admin/openapi.yaml, which is part of the program.
[[nodiscard]] std::string_view openapi_document() noexcept;

}  // namespace bora::admin
