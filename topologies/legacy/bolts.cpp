#include "topologies/legacy/bolts.hpp"

#include <cstdint>
#include <variant>

#include "bora/failure.hpp"
#include "topologies/coldchain/codec.hpp"

namespace bora::legacy {

namespace {

[[noreturn]] void refuse(const coldchain::Rejection& rejection) {
  throw Permanent(std::string(to_string(rejection.reason)) + ": " + rejection.text);
}

}  // namespace

void ParseBolt::execute(const ConsumedRecord& in) {
  const auto reading = coldchain::parse_reading(in->value);
  if (!reading) refuse(reading.rejection());
  if (const auto skewed = coldchain::check_clock_skew(reading->time, reading->received))
    refuse(*skewed);
  out.emit(*reading);
}

multilang::Values values_of(const coldchain::Reading& reading) {
  return {to_uint(reading.device_id), to_uint(reading.gateway_id), reading.temperature,
          std::int64_t{reading.battery}, to_millis(reading.time)};
}

Result<Message> message_of(const multilang::Values& values) {
  if (values.size() == 2) {
    const auto* key = std::get_if<std::string>(&values[0]);
    const auto* body = std::get_if<std::string>(&values[1]);
    if (key != nullptr && body != nullptr && !key->empty() && !body->empty())
      return Message{*key, *body};
  }
  return Error{ErrorKind::kInvalid, "two texts are expected, a key and a body"};
}

}  // namespace bora::legacy
