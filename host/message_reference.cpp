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
  const char* const end = event.data() + event.size();
  MessageReference found;
  const auto partition = std::from_chars(event.data() + at + kWord.size(), end, found.partition);
  if (partition.ec != std::errc{} || partition.ptr == end || *partition.ptr != '/')
    return std::nullopt;
  const auto offset = std::from_chars(partition.ptr + 1, end, found.offset);
  if (offset.ec != std::errc{}) return std::nullopt;
  return found;
}

}  // namespace bora::host
