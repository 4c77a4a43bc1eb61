#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace bora::multilang {

/// An array or an object inside of a tuple, as JSON text.
struct Json {
  std::string text;
  bool operator==(const Json&) const = default;
};

/// One value of a tuple: nothing, true or false, a number, a text, or anything deeper. What a child
/// sends as an integer is a std::int64_t if it fits and else a std::uint64_t; `1.0` is a double.
using Value =
    std::variant<std::monostate, bool, std::int64_t, std::uint64_t, double, std::string, Json>;

/// A tuple: its values in the order of its stream's fields.
using Values = std::vector<Value>;

}  // namespace bora::multilang
