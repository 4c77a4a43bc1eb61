#include <array>
#include <charconv>
#include <cmath>
#include <cstring>

#include "topologies/coldchain/codec.hpp"

namespace bora::coldchain {
namespace {

/// Appends text to a buffer that is known to be large enough: the longest message has every number at
/// its longest and every byte of the token escaped.
class Writer {
 public:
  void text(std::string_view literal) {
    std::memcpy(end_, literal.data(), literal.size());
    end_ += literal.size();
  }
  template <class T>
  void number(T value) {
    end_ = std::to_chars(end_, bytes_.data() + bytes_.size(), value).ptr;
  }
  void quoted(std::string_view value) {
    *end_++ = '"';
    for (const char c : value)
      character(c);
    *end_++ = '"';
  }
  [[nodiscard]] std::string_view written() const {
    return {bytes_.data(), static_cast<std::size_t>(end_ - bytes_.data())};
  }

 private:
  void character(char c) {
    static constexpr std::string_view kHex = "0123456789abcdef";
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20) {
      text("\\u00");
      *end_++ = kHex[byte >> 4];
      *end_++ = kHex[byte & 15];
      return;
    }
    if (c == '"' || c == '\\') *end_++ = '\\';
    *end_++ = c;
  }

  // Keys and punctuation 110, five integers of 20, one double of 24, an escaped token.
  std::array<char, 256 + 6 * GatewaySecret::kMaxBytes> bytes_;
  char* end_ = bytes_.data();
};

void write_measurement(Writer& json, double temperature, WallTime time, std::uint8_t battery) {
  BORA_CHECK(std::isfinite(temperature), "a message with a temperature that JSON cannot carry");
  json.text(R"("reading":{"temp":)");
  json.number(temperature);
  json.text(R"(,"time":)");
  json.number(to_millis(time));
  json.text(R"(,"batt":)");
  json.number(static_cast<unsigned>(battery));
  json.text("}");
}

}  // namespace

void write_report(const Report& report, std::string& out) {
  Writer json;
  json.text(R"({"gateway":{"id":)");
  json.number(to_uint(report.gateway_id));
  json.text(R"(,"token":)");
  json.quoted(report.gateway_secret.reveal());
  json.text(R"(},"device":{"id":)");
  json.number(to_uint(report.device_id));
  json.text(R"(,"auth":)");
  json.number(report.device_secret.reveal());
  json.text("},");
  write_measurement(json, report.temperature, report.time, report.battery);
  json.text("}");
  out.append(json.written());
}

void write_reading(const Reading& reading, std::string& out) {
  Writer json;
  json.text(R"({"gateway":{"id":)");
  json.number(to_uint(reading.gateway_id));
  json.text(R"(},"device":{"id":)");
  json.number(to_uint(reading.device_id));
  json.text("},");
  write_measurement(json, reading.temperature, reading.time, reading.battery);
  json.text(R"(,"received":)");
  json.number(to_millis(reading.received));
  json.text("}");
  out.append(json.written());
}

}  // namespace bora::coldchain
