#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace bora::kafka {

/// Which clients know a property of librdkafka.
enum class Scope : std::uint8_t { kUnknown, kConsumer, kProducer, kBoth };

/// As the librdkafka that runs says it. Thread-safe.
[[nodiscard]] Scope scope_of(std::string_view property);

/// What to use instead of a name that librdkafka does not know: for one of the Java client what it is
/// called here, else the nearest name there is. Empty when nothing is near.
[[nodiscard]] std::string hint_for(std::string_view property);

/// True when its value must not be shown.
[[nodiscard]] bool is_secret(std::string_view property) noexcept;

}  // namespace bora::kafka
