#pragma once

#include <string_view>

namespace bora::host {

/// host/openapi.yaml.
[[nodiscard]] std::string_view openapi_document() noexcept;

}  // namespace bora::host
