#pragma once

#include <cstdint>
#include <iterator>
#include <simdjson.h>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "bora/check.hpp"

namespace bora::peers {

/// A message of either topic.
struct Measurement {
  std::int64_t device = 0;
  double value = 0;
  std::int64_t time_ms = 0;
};

/// Reads `{"device":n,"celsius":x,"time":n}`, or with another name of the value. What cannot be read
/// ends the program: we wrote it ourselves.
///
/// Threads: single-owner.
class MessageParser {
 public:
  explicit MessageParser(std::string_view value_name = "celsius") : value_name_(value_name) {}

  [[nodiscard]] Measurement parse(std::string_view text) {
    simdjson::dom::element json;
    Measurement result;
    const bool is_good = parser_.parse(text.data(), text.size()).get(json) == simdjson::SUCCESS &&
                         json["device"].get(result.device) == simdjson::SUCCESS &&
                         json[value_name_].get(result.value) == simdjson::SUCCESS &&
                         json["time"].get(result.time_ms) == simdjson::SUCCESS;
    BORA_CHECK(is_good, text);
    return result;
  }

 private:
  std::string_view value_name_;
  simdjson::dom::parser parser_;
};

[[nodiscard]] inline bool is_dropped(const Measurement& measurement) noexcept {
  return measurement.device % 10 == 0;
}

/// Shortest digits that give the same double again.
inline void write_celsius(const Measurement& in, std::string& out) {
  fmt::format_to(std::back_inserter(out), R"({{"device":{},"celsius":{},"time":{}}})", in.device,
                 in.value, in.time_ms);
}
inline void write_fahrenheit(const Measurement& in, std::string& out) {
  fmt::format_to(std::back_inserter(out), R"({{"device":{},"fahrenheit":{},"time":{}}})", in.device,
                 in.value, in.time_ms);
}

}  // namespace bora::peers
