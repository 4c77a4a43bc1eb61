#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bora/status.hpp"

namespace bora::gateway {

/// How messages get from an input into the outbox: OutboxWriter::store(), or a test. Waits until they
/// are durable, all of them or none.
using StoreMessages = std::function<Status(std::vector<std::string> messages)>;

/// Messages as lines, and an answer line to each:
///
///   ok                      it is durable, and will be delivered
///   refused REASON: TEXT    it is no message: to send it again is of no use
///   retry TEXT              it was not taken; send it again later
///
/// Blank lines have no answer. Lines that came together are stored together. Whoever cares for the order
/// of a device's messages sends the next one after the answer to the one before, or sends again what
/// followed a `retry` too.
/// Threads: single-owner.
class LineInput {
 public:
  explicit LineInput(StoreMessages store) : store_(std::move(store)) {}

  /// Takes what came; returns the answers to the lines that are complete.
  [[nodiscard]] std::string take(std::string_view bytes);
  /// The sender will send no more: a last line may lack its newline.
  [[nodiscard]] std::string finish();

  [[nodiscard]] std::uint64_t accepted() const noexcept { return accepted_; }
  [[nodiscard]] std::uint64_t not_accepted() const noexcept { return not_accepted_; }

 private:
  void take_line(std::string_view line);
  [[nodiscard]] std::string answer();

  const StoreMessages store_;
  std::string partial_;
  bool is_skipping_ = false;  // the rest of a line that is too long
  std::vector<std::string> good_;
  std::vector<std::string> answers_;  // in the order of lines; empty: as the store says
  std::uint64_t accepted_ = 0;
  std::uint64_t not_accepted_ = 0;
};

/// Reads lines from `in` until its end and writes the answers to `out`: file descriptors, which stay
/// open. Fails: kClosed when nobody reads the answers.
[[nodiscard]] Status serve_lines(LineInput& lines, int in, int out);

}  // namespace bora::gateway
