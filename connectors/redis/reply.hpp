#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

struct redisReply;

namespace bora::redis {

/// One value of a reply, borrowed from the Reply that owns it.
class Value {
 public:
  explicit Value(const redisReply& reply) noexcept : reply_(&reply) {}

  [[nodiscard]] bool is_nil() const noexcept;
  /// The server refused the command: text() says why.
  [[nodiscard]] bool is_error() const noexcept;
  /// Text, status or error; nothing when it is of another type.
  [[nodiscard]] std::optional<std::string_view> text() const noexcept;
  /// An integer, or a text that is one, also when written as a real such as "1e3".
  [[nodiscard]] std::optional<std::int64_t> integer() const noexcept;
  /// Elements of an array; 0 for anything else.
  [[nodiscard]] std::size_t size() const noexcept;
  /// Requires: i < size().
  [[nodiscard]] Value operator[](std::size_t i) const;

 private:
  const redisReply* reply_;
};

/// The answer to one command. Move-only.
class Reply {
 public:
  explicit Reply(redisReply* owned) noexcept : reply_(owned) {}
  [[nodiscard]] Value value() const noexcept { return Value{*reply_}; }

 private:
  struct Free {
    void operator()(redisReply* reply) const noexcept;
  };
  std::unique_ptr<redisReply, Free> reply_;
};

}  // namespace bora::redis
