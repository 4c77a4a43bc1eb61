#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <string_view>

#include "bora/clock.hpp"

namespace bora::multilang {

/// What a child says on its standard error: lines for the log, at most kPerSecond of them, and the
/// last few for whoever asks why it died. A flood costs neither memory nor a full log.
///
/// Threads: single-owner.
class StderrLines {
 public:
  static constexpr std::size_t kPerSecond = 50;
  static constexpr std::size_t kLongest = 1024;  ///< Bytes of a line that are kept.
  static constexpr std::size_t kRemembered = 10;

  using Print = std::function<void(std::string_view line)>;
  explicit StderrLines(Print print) : print_(std::move(print)) {}

  void append(std::string_view bytes, Instant now);
  /// Takes an unfinished line for a line: the child has ended.
  void finish(Instant now);
  /// "first | second", empty when it said nothing.
  [[nodiscard]] std::string last() const;
  [[nodiscard]] std::uint64_t left_out() const noexcept { return left_out_; }

 private:
  void take_line(Instant now);

  Print print_;
  std::string line_;
  bool is_cut_ = false;
  std::deque<std::string> last_;
  Instant second_{};  // when the count began
  std::size_t printed_ = 0;
  std::size_t unprinted_ = 0;  // since the last that was printed
  std::uint64_t left_out_ = 0;
};

}  // namespace bora::multilang
