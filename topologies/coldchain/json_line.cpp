#include "topologies/coldchain/json_line.hpp"

#include <nlohmann/json.hpp>

namespace bora::coldchain {
namespace {

/// nlohmann skips a byte order mark and ends at a zero byte; neither is JSON.
bool is_json(std::string_view bytes) {
  return bytes.substr(0, 3) != "\xEF\xBB\xBF" && bytes.find('\0') == std::string_view::npos &&
         nlohmann::json::accept(bytes);
}

/// Line breaks in valid JSON stand between tokens only: inside strings they are escaped.
void append_unbroken(std::string_view json, std::string& line) {
  for (const char c : json) {
    if (c != '\n' && c != '\r') line.push_back(c);
  }
}

}  // namespace

void append_as_json(std::string_view bytes, std::string& line) {
  if (is_json(bytes)) return append_unbroken(bytes, line);
  using Handler = nlohmann::json::error_handler_t;
  line += nlohmann::json(bytes).dump(-1, ' ', /*ensure_ascii=*/false, Handler::replace);
}

}  // namespace bora::coldchain
