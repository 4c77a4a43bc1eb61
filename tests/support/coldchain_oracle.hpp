#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "topologies/coldchain/codec.hpp"

/// A second reading of the wire format, on nlohmann/json and as plain as can be, to compare the codec
/// with. It says whether a record is accepted and what it holds, not why it is refused.
namespace bora::coldchain::testing {

/// Parses, and refuses nesting beyond `most_levels` and the second of any two equal keys that lead to
/// one of `fields`, given as "a" or "a.b".
inline std::optional<nlohmann::json> parse_strictly(std::string_view bytes, std::size_t most_levels,
                                                    const std::vector<std::string>& fields) {
  using Event = nlohmann::json::parse_event_t;
  std::vector<std::string> path;  // The key under which the container of each level stands.
  std::string key;
  std::vector<std::string> seen;
  bool is_refused = false;
  const auto watch = [&](int, Event event, nlohmann::json& parsed) {
    if (event == Event::object_start || event == Event::array_start) {
      path.push_back(event == Event::array_start ? "[" : key);
      key = "[";  // What stands in an array has no key.
      if (path.size() > most_levels) is_refused = true;
    } else if (event == Event::object_end || event == Event::array_end) {
      path.pop_back();
      if (!path.empty() && event == Event::array_end) key = "[";
    } else if (event == Event::key) {
      key = parsed.get<std::string>();
      std::string name = path.size() == 1 ? key : path.size() == 2 ? path[1] + "." + key : "";
      if (std::find(fields.begin(), fields.end(), name) == fields.end()) return true;
      if (std::find(seen.begin(), seen.end(), name) != seen.end()) is_refused = true;
      seen.push_back(std::move(name));
    }
    return true;
  };
  nlohmann::json json = nlohmann::json::parse(bytes, watch, /*allow_exceptions=*/false);
  if (is_refused || !json.is_object()) return std::nullopt;
  return json;
}

inline std::optional<std::uint64_t> integer_of(const nlohmann::json& value, std::uint64_t most) {
  if (value.is_number_integer() && value == 0) return 0;  // -0 too.
  if (!value.is_number_unsigned()) return std::nullopt;
  const auto integer = value.get<std::uint64_t>();
  return integer <= most ? std::optional{integer} : std::nullopt;
}

inline std::optional<std::uint64_t> secret_of(const nlohmann::json& value) {
  if (!value.is_string()) return integer_of(value, UINT64_MAX);
  const auto& digits = value.get_ref<const std::string&>();
  if (digits.empty() || digits.find_first_not_of("0123456789") != std::string::npos)
    return std::nullopt;
  const std::size_t first = std::min(digits.find_first_not_of('0'), digits.size() - 1);
  const std::string significant = digits.substr(first);
  if (significant.size() > 20 ||
      (significant.size() == 20 && significant > "18446744073709551615")) {
    return std::nullopt;
  }
  return std::stoull(significant);
}

/// What parse_report() must say.
inline std::optional<Report> expected_report(std::string_view bytes) {
  if (bytes.size() > 65536) return std::nullopt;
  // nlohmann skips a byte order mark and ends at a zero byte; neither is JSON.
  if (bytes.substr(0, 3) == "\xEF\xBB\xBF" || bytes.find('\0') != std::string_view::npos)
    return std::nullopt;
  const auto json =
      parse_strictly(bytes, 16,
                     {"gateway", "gateway.id", "gateway.token", "device", "device.id",
                      "device.auth", "reading", "reading.temp", "reading.time", "reading.batt"});
  if (!json) return std::nullopt;
  for (const char* part : {"gateway", "device", "reading"}) {
    if (!json->contains(part) || !json->at(part).is_object()) return std::nullopt;
  }
  const auto field = [&](const char* part, const char* name) {
    return json->at(part).contains(name) ? json->at(part).at(name) : nlohmann::json{};
  };
  const auto gateway = integer_of(field("gateway", "id"), UINT64_MAX);
  const auto device = integer_of(field("device", "id"), UINT64_MAX);
  const auto time = integer_of(field("reading", "time"), INT64_MAX);
  const auto battery = integer_of(field("reading", "batt"), 100);
  const auto secret = secret_of(field("device", "auth"));
  const auto token = field("gateway", "token");
  const auto temperature = field("reading", "temp");
  if (!gateway || !device || !time || !battery || !secret || !token.is_string() ||
      !temperature.is_number() || token.get_ref<const std::string&>().size() > 64) {
    return std::nullopt;
  }
  return Report{.device_id = DeviceId{*device},
                .gateway_id = GatewayId{*gateway},
                .temperature = temperature.get<double>(),
                .time = from_millis(static_cast<std::int64_t>(*time)),
                .battery = static_cast<std::uint8_t>(*battery),
                .device_secret = DeviceSecret{*secret},
                .gateway_secret = GatewaySecret{token.get_ref<const std::string&>()}};
}

}  // namespace bora::coldchain::testing
