#include "connectors/timeseries/influx.hpp"

#include <algorithm>
#include <utility>
#include <variant>

#include "connectors/timeseries/number_text.hpp"

namespace bora::timeseries {
namespace {

constexpr std::string_view kName = "the line protocol store";

/// Line breaks cannot be written at all; everything else that means something is escaped.
void append_escaped(std::string& out, std::string_view text, std::string_view meaning) {
  for (const char c : text) {
    if (meaning.find(c) != std::string_view::npos) out += '\\';
    out += c == '\n' || c == '\r' ? ' ' : c;
  }
}

std::string_view query_of(std::string_view target) {
  const std::size_t mark = target.find('?');
  return mark == std::string_view::npos ? std::string_view{} : target.substr(mark + 1);
}

std::string database_of(std::string_view target) {
  for (std::string_view rest = query_of(target); !rest.empty();) {
    const std::string_view pair = rest.substr(0, rest.find('&'));
    if (pair.starts_with("db=")) return std::string{pair.substr(3)};
    rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
  }
  return {};
}

}  // namespace

void append_line(std::string& out, const Sample& sample) {
  append_escaped(out, sample.metric, ", ");
  for (const auto& [name, value] : sample.tags) {
    out += ',';
    append_escaped(out, name, ",= ");
    out += '=';
    append_escaped(out, value, ",= ");
  }
  out += " value=";
  if (const auto* real = std::get_if<double>(&sample.value)) {
    append_real(out, *real);
  } else {
    append_integer(out, std::get<std::int64_t>(sample.value));
    out += 'i';
  }
  out += ' ';
  append_integer(out, sample.time_ms);
  out += '\n';
}

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                          (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.' || c == '~';
    if (is_plain) {
      encoded += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      encoded += '%';
      encoded += kHex[byte >> 4];
      encoded += kHex[byte & 15];
    }
  }
  return encoded;
}

Influx::Influx(EndpointOptions options) : endpoint_(std::move(options)) {
  const std::string& target = endpoint_.options().url.target;
  write_target_ = target;
  const std::string_view query = query_of(target);
  if (query.find("precision=") == std::string_view::npos)
    write_target_ +=
        (target.find('?') == std::string::npos ? "?" : "&") + std::string{"precision=ms"};
  query_target_ = "/query?epoch=ms&db=" + database_of(target) + "&q=";
}

Delivery Influx::send(std::span<const Sample> samples, std::size_t begin, std::size_t end) {
  std::string body;
  for (std::size_t i = begin; i < end; ++i)
    append_line(body, samples[i]);
  auto answer = endpoint_.write(write_target_, std::move(body), "text/plain; charset=utf-8");
  if (!answer) return {.outcome = Delivery::Outcome::kFailed, .status = answer.status()};
  if (answer->status == 204 || answer->status == 200) return {};
  if (answer->status == 413)
    return {.outcome = Delivery::Outcome::kTooLarge, .reason = answer->body};
  Error error = endpoint_.unexpected(kName, "a write of points", *answer);
  if (answer->status == 400 || answer->status == 422)
    return {.outcome = Delivery::Outcome::kRefused, .reason = std::move(error.message)};
  return {.outcome = Delivery::Outcome::kFailed, .status = std::move(error)};
}

Result<std::vector<Refused>> Influx::write(std::span<const Sample> samples) {
  return deliver(samples.size(), endpoint_.options().max_samples,
                 [&](std::size_t begin, std::size_t end) { return send(samples, begin, end); });
}

Result<std::string> Influx::query(std::string_view influx_ql) {
  auto answer = endpoint_.get(query_target_ + percent_encoded(influx_ql));
  if (!answer) return answer.status();
  if (answer->status == 200) return std::move(answer->body);
  Error error = endpoint_.unexpected(kName, "a query", *answer);
  if (answer->status == 400) error.kind = ErrorKind::kInvalid;
  return error;
}

}  // namespace bora::timeseries
