#include "spouts/dead_letter.hpp"

#include <utility>

namespace bora {

namespace {

/// At most `limit` bytes of `text`, without cutting a UTF-8 sequence in two.
std::string_view cut(std::string_view text, std::size_t limit) noexcept {
  if (text.size() <= limit) return text;
  constexpr std::size_t kLongestSequence = 4;
  for (std::size_t end = limit; end + kLongestSequence > limit && end > 0; --end) {
    const bool begins_sequence = (static_cast<unsigned char>(text[end]) & 0xC0U) != 0x80U;
    if (begins_sequence) return text.substr(0, end);
  }
  return text.substr(0, limit);  // no UTF-8 anyway
}

}  // namespace

std::string dead_letter_topic(std::string_view topic) {
  return std::string{topic}.append(kDeadLetterSuffix);
}

Record dead_letter(const Record& original, const DeadLetterContext& context) {
  Record letter;
  letter.key = original.key;
  letter.value = original.value;
  letter.timestamp = original.timestamp;
  letter.headers.reserve(original.headers.size() + 9);
  for (const RecordHeader& header : original.headers) {
    if (!header.key.starts_with(kDeadLetterPrefix)) letter.headers.push_back(header);
  }
  const auto add = [&](std::string_view name, std::string value) {
    letter.headers.push_back({std::string{kDeadLetterPrefix}.append(name), std::move(value)});
  };
  add("topic", context.topic);
  add("partition", std::to_string(context.position.partition));
  add("offset", std::to_string(context.position.offset));
  add("kind", std::string{to_string(context.kind)});
  add("component", context.component);
  add("task", std::to_string(context.task));
  add("reason", std::string{cut(context.reason, kMaxReasonBytes)});
  add("attempts", std::to_string(context.attempts));
  add("failed-at", std::to_string(to_millis(context.failed_at)));
  return letter;
}

}  // namespace bora
