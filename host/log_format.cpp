#include "host/log_format.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <type_traits>

#include <nlohmann/json.hpp>

namespace bora::host {

namespace {

std::string quoted(std::string_view text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

bool is_bare(std::string_view text) noexcept {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return c > ' ' && c < '\x7f' && c != '"' && c != '=' && c != '\\';
  });
}

std::string number(double value) {
  if (!std::isfinite(value)) return "null";  // JSON has no other word for it
  std::array<char, 32> text{};
  const int size = std::snprintf(text.data(), text.size(), "%.6g", value);
  return {text.data(), static_cast<std::size_t>(size)};
}

std::string value_text(const LogField::Value& value, LogFormat format) {
  return std::visit(
      [format](const auto& v) -> std::string {
        using V = std::decay_t<decltype(v)>;
        if constexpr (std::is_same_v<V, std::string_view>)
          return format == LogFormat::kLogfmt && is_bare(v) ? std::string{v} : quoted(v);
        else if constexpr (std::is_same_v<V, bool>)
          return v ? "true" : "false";
        else if constexpr (std::is_same_v<V, double>)
          return number(v);
        else
          return std::to_string(v);
      },
      value);
}

void append(std::string& line, LogFormat format, std::string_view key,
            const LogField::Value& value) {
  if (format == LogFormat::kLogfmt) {
    if (!line.empty()) line += ' ';
    line += key;
    line += '=';
  } else {
    line += line.empty() ? '{' : ',';
    line += quoted(key);
    line += ':';
  }
  line += value_text(value, format);
}

}  // namespace

std::string format_time(WallTime time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{time - day};
  std::array<char, 40> text{};
  const int size = std::snprintf(
      text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ",
      static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
      static_cast<unsigned>(date.day()), static_cast<int>(clock.hours().count()),
      static_cast<int>(clock.minutes().count()), static_cast<int>(clock.seconds().count()),
      static_cast<int>(clock.subseconds().count()));
  return {text.data(), std::min(static_cast<std::size_t>(size), text.size() - 1)};
}

std::string format_line(LogFormat format, WallTime time, LogLevel level, std::string_view msg,
                        std::initializer_list<LogField> fields, std::uint64_t suppressed) {
  std::string line;
  line.reserve(160);
  // Lines of JSON go to machines, whose names these are: https://www.elastic.co/guide/en/ecs/current/
  const bool is_json = format == LogFormat::kJson;
  append(line, format, is_json ? "@timestamp" : "ts", std::string_view{format_time(time)});
  append(line, format, is_json ? "log.level" : "level", to_string(level));
  append(line, format, is_json ? "message" : "msg", msg);
  for (const LogField& field : fields)
    append(line, format, field.key, field.value);
  if (suppressed > 0) append(line, format, "suppressed", suppressed);
  if (is_json) line += '}';
  return line;
}

}  // namespace bora::host
