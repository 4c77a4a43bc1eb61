#include "topologies/legacy/bolts.hpp"

#include <cstdint>
#include <variant>

#include "topologies/coldchain/codec.hpp"
#include "topologies/coldchain/require_accepted.hpp"

namespace bora::legacy {

void ParseBolt::execute(const ConsumedRecord& in) {
  const auto reading = coldchain::parse_reading(in->value);
  coldchain::require_accepted(reading);
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
