#include "host/redact.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include <nlohmann/json.hpp>

namespace bora::host {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<std::string_view, 9> kSecretWords{
    "auth", "passw", "secret", "token", "credential", "private", "apikey", "api_key", "cookie"};
// Deeper ones are taken for an attack on the stack of whoever reads them.
constexpr std::size_t kDeepest = 64;

void mask(Json& json) {
  if (json.is_object()) {
    for (auto& [name, value] : json.items())
      if (sounds_secret(name))
        value = "***";
      else
        mask(value);
  } else if (json.is_array()) {
    for (Json& item : json)
      mask(item);
  }
}

// Counts brackets wherever they stand: too careful about those inside of texts, which does no harm.
bool is_deep(std::string_view text) noexcept {
  std::size_t depth = 0;
  for (const char c : text) {
    if ((c == '{' || c == '[') && ++depth > kDeepest) return true;
    if ((c == '}' || c == ']') && depth > 0) --depth;
  }
  return false;
}

}  // namespace

bool sounds_secret(std::string_view name) noexcept {
  return std::any_of(kSecretWords.begin(), kSecretWords.end(), [name](std::string_view word) {
    return std::search(name.begin(), name.end(), word.begin(), word.end(), [](char a, char b) {
             return std::tolower(static_cast<unsigned char>(a)) == b;
           }) != name.end();
  });
}

Redacted redacted(std::string_view payload, std::size_t most) {
  Json json =
      is_deep(payload) ? Json(Json::value_t::discarded) : Json::parse(payload, nullptr, false);
  if (json.is_discarded())
    return {"(" + std::to_string(payload.size()) + " bytes that are no JSON)", false};
  mask(json);
  std::string text = json.dump(-1, ' ', false, Json::error_handler_t::replace);
  if (text.size() <= most) return {std::move(text), false};
  // Not in the middle of a character.
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xC0) == 0x80)
    --most;
  text.resize(most);
  return {std::move(text), true};
}

}  // namespace bora::host
