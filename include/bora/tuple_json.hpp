#pragma once

#include <charconv>
#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>
#include <typeinfo>
#include <variant>

namespace bora {

/// Appends `text` as a JSON string, with its quotes.
void append_json_string(std::string& out, std::string_view text);

/// A tuple type that says how people see its tuples when they tap a stream of it: beside the type, in
/// its namespace and its header, stands
///
///   void tuple_json(const Reading& in, std::string& out);   // appends JSON, and no secret
///
/// Of a type that does not, people see its name and its size. Called on engine threads, for samples.
template <class T>
concept HasTupleJson = requires(const T& tuple, std::string& out) {
  tuple_json(tuple, out);
};

namespace internal {

template <class T>
inline constexpr bool kIsVariant = false;
template <class... Ts>
inline constexpr bool kIsVariant<std::variant<Ts...>> = true;

/// {"type":"bora::raw::ArchiveRow","bytes":72}
void append_type(std::string& out, const std::type_info& type, std::size_t bytes);

template <class T>
void append_tuple(std::string& out, const T& tuple) {
  if constexpr (HasTupleJson<T>) {
    tuple_json(tuple, out);
  } else if constexpr (kIsVariant<T>) {
    std::visit([&](const auto& one) { append_tuple(out, one); }, tuple);
  } else if constexpr (std::is_same_v<T, bool>) {
    out += tuple ? "true" : "false";
  } else if constexpr (std::is_enum_v<T>) {
    append_tuple(out, static_cast<std::underlying_type_t<T>>(tuple));
  } else if constexpr (std::integral<T>) {
    out += std::to_string(tuple);
  } else if constexpr (std::floating_point<T>) {
    char digits[32];
    const auto end = std::to_chars(digits, digits + sizeof(digits), static_cast<double>(tuple)).ptr;
    const std::string_view text(digits, static_cast<std::size_t>(end - digits));
    const bool is_number =
        tuple - tuple == 0;  // neither infinite nor NaN, which JSON does not know
    if (is_number) {
      out += text;
    } else {
      append_json_string(out, text);
    }
  } else if constexpr (std::convertible_to<const T&, std::string_view>) {
    append_json_string(out, tuple);
  } else {
    append_type(out, typeid(T), sizeof(T));
  }
}

}  // namespace internal
}  // namespace bora
