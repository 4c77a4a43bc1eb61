#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "bora/status.hpp"

namespace bora::multilang {

/// Finds messages in the bytes that a child writes: lines of JSON, closed by the line `end`.
///
/// What is no message is found at its first byte that cannot be one (a message begins with `{` or `[`),
/// so a child that prints to its standard output is told so at once, not when `end` comes.
///
/// Memory: at most one message of `max_message_bytes`, beside what append() was given.
/// Threads: single-owner.
class FrameReader {
 public:
  explicit FrameReader(std::size_t max_message_bytes) : max_message_bytes_(max_message_bytes) {}

  void append(std::string_view bytes);
  /// The next whole message without its `end`, or nothing when more bytes are needed. The view is
  /// valid until append() or the next next(). After an error there is nothing more to be found.
  /// Fails: kInvalid, naming the first bytes of what is no message.
  [[nodiscard]] Result<std::optional<std::string_view>> next();

 private:
  const std::size_t max_message_bytes_;
  std::string bytes_;
  std::size_t begin_ = 0;  // of the message that next() looks for
  std::size_t line_ = 0;   // begin of the first line of it that next() did not look at
};

}  // namespace bora::multilang
