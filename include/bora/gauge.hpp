#pragma once

#include <cstdint>
#include <string_view>

namespace bora {

/// One number that a component shows to operators, beside what the engine counts.
struct Gauge {
  enum class Kind : std::uint8_t {
    kCounter,  ///< Only grows.
    kLevel,    ///< Goes up and down.
  };
  std::string_view name;  ///< snake_case, with its unit; a literal.
  Kind kind = Kind::kLevel;
  std::int64_t value = 0;
};

}  // namespace bora
