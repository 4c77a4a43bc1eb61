#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace bora::host {

/// Which message an event of the engine is about.
struct MessageReference {
  std::string_view source = {};  ///< What its spout reads, a topic mostly; a part of the event.
  std::uint32_t partition = 0;
  std::uint64_t offset = 0;
  bool operator==(const MessageReference&) const = default;
};

/// From the engine's words, "... (message reports/3/77)" at the end or "message reports/3/77 ..." at the
/// beginning; "message 3/77" where the spout does not say what it reads. Nothing when they name none.
[[nodiscard]] std::optional<MessageReference> message_in(std::string_view event) noexcept;

}  // namespace bora::host
