#pragma once

#include <string>
#include <utility>

namespace bora::host {

/// A password or token from the configuration. It has no way to be printed: not by a stream, not by
/// `config`, not by a fault that quotes it. Whoever needs the text says reveal().
/// Threads: a value.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string value) : value_(std::move(value)) {}

  [[nodiscard]] const std::string& reveal() const noexcept { return value_; }
  [[nodiscard]] bool is_empty() const noexcept { return value_.empty(); }

 private:
  std::string value_;
};

}  // namespace bora::host
