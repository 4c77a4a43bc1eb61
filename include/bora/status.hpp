#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "bora/check.hpp"

namespace bora {

/// What kind of failure a Status carries; decides what the caller does next.
enum class ErrorKind : std::uint8_t {
  kInvalid,      ///< The input or the configuration is wrong: retrying cannot help.
  kUnavailable,  ///< A dependency is down or overloaded: the same call may succeed later.
  kNotFound,     ///< The thing asked for does not exist.
  kCorrupt,      ///< Stored bytes are not what was written.
  kClosed,       ///< The object was closed, or the assignment was lost.
  kInternal,     ///< Anything else; not expected in a healthy deployment.
};

[[nodiscard]] std::string_view to_string(ErrorKind kind) noexcept;

/// A failure: what kind, and a text that says what was tried, on what, and what to do.
struct Error {
  ErrorKind kind = ErrorKind::kInternal;
  std::string message;
};

/// Outcome of an operation that can fail in a healthy deployment. A success allocates nothing.
///
///   if (Status s = log.append(batch); !s) return s;
///
/// Threads: a value; one thread at a time.
class [[nodiscard]] Status {
 public:
  Status() noexcept = default;
  Status(Error error) : error_(std::move(error)) {}  // NOLINT: implicit by design
  Status(ErrorKind kind, std::string message) : error_(Error{kind, std::move(message)}) {}

  static Status success() noexcept { return {}; }

  [[nodiscard]] bool is_ok() const noexcept { return !error_.has_value(); }
  explicit operator bool() const noexcept { return is_ok(); }

  /// Requires: !is_ok().
  [[nodiscard]] const Error& error() const {
    BORA_CHECK(error_.has_value(), "error() of a successful Status");
    return *error_;
  }
  /// Empty when ok.
  [[nodiscard]] std::string_view message() const noexcept {
    return error_ ? std::string_view{error_->message} : std::string_view{};
  }
  /// True when the same call may succeed later without anybody changing anything.
  [[nodiscard]] bool is_retryable() const noexcept {
    return error_ && error_->kind == ErrorKind::kUnavailable;
  }
  /// Drops the outcome on purpose; `why` is for the reader.
  void ignore([[maybe_unused]] std::string_view why) const noexcept {}

 private:
  std::optional<Error> error_;
};

/// A value, or the Error that kept it from being made.
///
///   Result<Topology> built = builder.build();
///   if (!built) return built.status();
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}             // NOLINT: implicit by design
  Result(Error error) : error_(std::move(error)) {}         // NOLINT: implicit by design
  Result(const Status& status) : error_(status.error()) {}  // NOLINT: implicit by design

  [[nodiscard]] bool is_ok() const noexcept { return value_.has_value(); }
  explicit operator bool() const noexcept { return is_ok(); }

  /// Requires: is_ok().
  [[nodiscard]] T& value() & {
    BORA_CHECK(is_ok(), error_.message);
    return *value_;
  }
  [[nodiscard]] const T& value() const& {
    BORA_CHECK(is_ok(), error_.message);
    return *value_;
  }
  [[nodiscard]] T&& value() && {
    BORA_CHECK(is_ok(), error_.message);
    return std::move(*value_);
  }
  [[nodiscard]] T& operator*() & { return value(); }
  [[nodiscard]] const T& operator*() const& { return value(); }
  [[nodiscard]] T&& operator*() && { return std::move(*this).value(); }
  [[nodiscard]] T* operator->() { return &value(); }
  [[nodiscard]] const T* operator->() const { return &value(); }

  /// Requires: !is_ok().
  [[nodiscard]] const Error& error() const {
    BORA_CHECK(!is_ok(), "error() of a Result that holds a value");
    return error_;
  }
  [[nodiscard]] Status status() const { return is_ok() ? Status{} : Status{error_}; }

 private:
  std::optional<T> value_;
  Error error_;
};

inline std::string_view to_string(ErrorKind kind) noexcept {
  switch (kind) {
    case ErrorKind::kInvalid: return "invalid";
    case ErrorKind::kUnavailable: return "unavailable";
    case ErrorKind::kNotFound: return "not found";
    case ErrorKind::kCorrupt: return "corrupt";
    case ErrorKind::kClosed: return "closed";
    case ErrorKind::kInternal: return "internal";
  }
  return "unknown";
}

}  // namespace bora
