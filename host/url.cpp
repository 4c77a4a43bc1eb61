#include "host/url.hpp"

#include <algorithm>

namespace bora::host {

namespace {

bool is_scheme(std::string_view text) noexcept {
  const auto is_lower = [](char c) { return c >= 'a' && c <= 'z'; };
  return !text.empty() && is_lower(text.front()) &&
         std::all_of(text.begin(), text.end(), [&](char c) {
           return is_lower(c) || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
         });
}

}  // namespace

Result<Url> Url::parse(std::string_view text) {
  const std::size_t colon = text.find(':');
  Url url;
  url.text_ = std::string{text};
  // The text is not quoted: what is no URL may still hold a password.
  if (colon == std::string_view::npos || !is_scheme(text.substr(0, colon)) || url.rest().empty())
    return Error{ErrorKind::kInvalid, "not a URL such as log:./data/topics or kafka://host:9092"};
  return url;
}

std::string_view Url::scheme() const noexcept {
  return std::string_view{text_}.substr(0, text_.find(':'));
}

std::string_view Url::rest() const noexcept {
  std::string_view rest = text_;
  rest.remove_prefix(std::min(rest.size(), rest.find(':') + 1));
  if (rest.starts_with("//")) rest.remove_prefix(2);
  return rest;
}

std::string Url::masked() const {
  const std::size_t begin = text_.find("://");
  if (begin == std::string::npos) return text_;
  const std::string_view authority =
      std::string_view{text_}.substr(begin + 3, text_.find('/', begin + 3) - (begin + 3));
  const std::size_t at = authority.rfind('@');
  const std::size_t colon = authority.find(':');
  if (at == std::string_view::npos || colon > at) return text_;
  std::string masked = text_;
  return masked.replace(begin + 3 + colon + 1, at - colon - 1, "***");
}

}  // namespace bora::host
