#include "bora/tuple_json.hpp"

#include <cstdlib>
#include <cxxabi.h>
#include <memory>

namespace bora {

void append_json_string(std::string& out, std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20) {
      out += "\\u00";
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    } else {
      out += c;
    }
  }
  out += '"';
}

namespace internal {

void append_type(std::string& out, const std::type_info& type, std::size_t bytes) {
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> name(
      abi::__cxa_demangle(type.name(), nullptr, nullptr, &status), &std::free);
  out += R"({"type":)";
  append_json_string(out, status == 0 ? name.get() : type.name());
  out += R"(,"bytes":)" + std::to_string(bytes) + '}';
}

}  // namespace internal
}  // namespace bora
