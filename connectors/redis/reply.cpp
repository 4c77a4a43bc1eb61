#include "connectors/redis/reply.hpp"

#include <charconv>
#include <cmath>

#include <hiredis/hiredis.h>

#include "bora/check.hpp"

namespace bora::redis {

bool Value::is_nil() const noexcept { return reply_->type == REDIS_REPLY_NIL; }
bool Value::is_error() const noexcept { return reply_->type == REDIS_REPLY_ERROR; }

std::optional<std::string_view> Value::text() const noexcept {
  switch (reply_->type) {
    case REDIS_REPLY_STRING:
    case REDIS_REPLY_STATUS:
    case REDIS_REPLY_ERROR: return std::string_view{reply_->str, reply_->len};
    default: return std::nullopt;
  }
}

std::optional<std::int64_t> Value::integer() const noexcept {
  if (reply_->type == REDIS_REPLY_INTEGER) return reply_->integer;
  const auto bytes = text();
  if (!bytes || bytes->empty()) return std::nullopt;
  const char* const end = bytes->data() + bytes->size();
  std::int64_t number = 0;
  if (const auto read = std::from_chars(bytes->data(), end, number);
      read.ec == std::errc{} && read.ptr == end)
    return number;
  double real = 0;
  const auto read = std::from_chars(bytes->data(), end, real);
  if (read.ec != std::errc{} || read.ptr != end || std::abs(real) > 9e15) return std::nullopt;
  return static_cast<std::int64_t>(real);
}

std::size_t Value::size() const noexcept {
  return reply_->type == REDIS_REPLY_ARRAY ? reply_->elements : 0;
}

Value Value::operator[](std::size_t i) const {
  BORA_CHECK(i < size(), "an element that the reply does not have");
  return Value{*reply_->element[i]};
}

void Reply::Free::operator()(redisReply* reply) const noexcept { freeReplyObject(reply); }

}  // namespace bora::redis
