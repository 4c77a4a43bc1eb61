#include "host/message_reference.hpp"

#include <charconv>

namespace bora::host {

std::optional<MessageReference> message_in(std::string_view event) noexcept {
  constexpr std::string_view kWord = "message ";
  std::size_t at = 0;
  if (!event.starts_with(kWord)) {
    // The last one: the text before it is the component's own, and may say anything.
    at = event.rfind("(message ");
    if (at == std::string_view::npos || !event.ends_with(')')) return std::nullopt;
    ++at;
  }
  // The word ends with a blank or with the event: names of topics have neither blanks nor slashes.
  std::string_view word = event.substr(at + kWord.size());
  word = word.substr(0, word.find_first_of(" )"));
  const auto number_behind_slash = [&word](auto& number) {
    const std::size_t slash = word.rfind('/');
    const std::string_view digits = word.substr(slash == std::string_view::npos ? 0 : slash + 1);
    word = word.substr(0, slash == std::string_view::npos ? 0 : slash);
    const char* const end = digits.data() + digits.size();
    const auto read = std::from_chars(digits.data(), end, number);
    return read.ec == std::errc{} && read.ptr == end;
  };
  MessageReference found;
  const bool has_slash = word.find('/') != std::string_view::npos;
  if (!has_slash || !number_behind_slash(found.offset) || !number_behind_slash(found.partition))
    return std::nullopt;
  found.source = word;
  return found;
}

}  // namespace bora::host
