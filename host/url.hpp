#pragma once

#include <string>
#include <string_view>

#include "bora/status.hpp"

namespace bora::host {

/// Where something outside is, and what speaks to it: "log:./data/topics", "kafka://host:9092".
/// Threads: a value.
class Url {
 public:
  Url() = default;
  /// Fails when `text` is not SCHEME:REST, with a scheme in lower case and a REST.
  [[nodiscard]] static Result<Url> parse(std::string_view text);

  [[nodiscard]] const std::string& text() const noexcept { return text_; }
  /// "kafka"
  [[nodiscard]] std::string_view scheme() const noexcept;
  /// What follows the colon, without the "//" if there is one: "host:9092", "./data/topics".
  [[nodiscard]] std::string_view rest() const noexcept;
  /// The text with the password, if it carries one, replaced by "***": for printing.
  [[nodiscard]] std::string masked() const;
  [[nodiscard]] bool is_empty() const noexcept { return text_.empty(); }

 private:
  std::string text_;
};

}  // namespace bora::host
