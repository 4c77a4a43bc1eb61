#include "connectors/timeseries/kairosdb.hpp"

#include <charconv>
#include <utility>

#include <nlohmann/json.hpp>

#include "connectors/timeseries/number_text.hpp"

namespace bora::timeseries {

using Json = nlohmann::json;

namespace {

constexpr std::string_view kName = "KairosDB";

void append_text(std::string& out, const std::string& text) {
  out += Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
}

bool is_real(const Sample& sample) { return std::holds_alternative<double>(sample.value); }

bool is_same_curve(const Sample& a, const Sample& b) {
  return is_real(a) == is_real(b) && a.metric == b.metric && a.tags == b.tags;
}

void append_metric(std::string& out, const Sample& sample) {
  out += R"({"name":)";
  append_text(out, sample.metric);
  out += is_real(sample) ? R"(,"type":"double","tags":{)" : R"(,"type":"long","tags":{)";
  for (const auto& [name, value] : sample.tags) {
    if (out.back() != '{') out += ',';
    append_text(out, name);
    out += ':';
    append_text(out, value);
  }
  out += R"(},"datapoints":[)";
}

void append_point(std::string& out, const Sample& sample) {
  out += '[';
  append_integer(out, sample.time_ms);
  out += ',';
  if (const auto* real = std::get_if<double>(&sample.value))
    append_real(out, *real);
  else
    append_integer(out, std::get<std::int64_t>(sample.value));
  out += ']';
}

}  // namespace

std::string kairos_body(std::span<const Sample> samples, std::vector<std::size_t>& first_of) {
  first_of.clear();
  std::string body = "[";
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const bool goes_on = i > 0 && is_same_curve(samples[i - 1], samples[i]);
    if (!goes_on) {
      if (i > 0) body += "]},";
      append_metric(body, samples[i]);
      first_of.push_back(i);
    } else {
      body += ',';
    }
    append_point(body, samples[i]);
  }
  if (!samples.empty()) body += "]}";
  return body += ']';
}

std::vector<Refused> kairos_refusals(std::string_view body) {
  constexpr std::string_view kMetric = "metric[";
  std::vector<Refused> refused;
  const Json answer = Json::parse(body, nullptr, false);
  const auto errors = answer.find("errors");
  if (!answer.is_object() || errors == answer.end() || !errors->is_array()) return refused;
  for (const Json& error : *errors) {
    if (!error.is_string()) continue;
    const auto& text = error.get_ref<const std::string&>();
    const std::size_t at = text.find(kMetric);
    std::size_t number = 0;
    const char* begin = text.data() + at + kMetric.size();
    if (at == std::string::npos) continue;
    const auto [end, failed] = std::from_chars(begin, text.data() + text.size(), number);
    if (failed == std::errc{} && end != begin) refused.push_back({number, text});
  }
  return refused;
}

KairosDb::KairosDb(EndpointOptions options) : endpoint_(std::move(options)) {}

std::string KairosDb::path(std::string_view of) const {
  std::string path = endpoint_.options().url.target;
  while (!path.empty() && path.back() == '/')
    path.pop_back();
  return path + "/api/v1/" + std::string{of};
}

Delivery KairosDb::send(std::span<const Sample> samples, std::size_t begin, std::size_t end) {
  std::vector<std::size_t> first_of;
  auto answer = endpoint_.write(path("datapoints"),
                                kairos_body(samples.subspan(begin, end - begin), first_of),
                                "application/json");
  if (!answer) return {.outcome = Delivery::Outcome::kFailed, .status = answer.status()};
  if (answer->status == 204 || answer->status == 200) return {};
  if (answer->status == 413)
    return {.outcome = Delivery::Outcome::kTooLarge, .reason = answer->body};
  Error error = endpoint_.unexpected(kName, "a write of points", *answer);
  if (answer->status != 400)
    return {.outcome = Delivery::Outcome::kFailed, .status = std::move(error)};
  Delivery refused{.outcome = Delivery::Outcome::kRefused, .reason = std::move(error.message)};
  for (Refused& named : kairos_refusals(answer->body)) {
    // It names a metric, not a point of it: one with several is looked into by halves.
    const std::size_t metric = named.index;
    if (metric >= first_of.size()) continue;
    const std::size_t past = metric + 1 < first_of.size() ? first_of[metric + 1] : end - begin;
    if (past - first_of[metric] == 1)
      refused.named.push_back({begin + first_of[metric], std::move(named.reason)});
  }
  return refused;
}

Result<std::vector<Refused>> KairosDb::write(std::span<const Sample> samples) {
  return deliver(samples.size(), endpoint_.options().max_samples,
                 [&](std::size_t begin, std::size_t end) { return send(samples, begin, end); });
}

Result<std::string> KairosDb::query(std::string json) {
  auto answer = endpoint_.ask(path("datapoints/query"), std::move(json));
  if (!answer) return answer.status();
  if (answer->status == 200) return std::move(answer->body);
  Error error = endpoint_.unexpected(kName, "a query", *answer);
  if (answer->status == 400) error.kind = ErrorKind::kInvalid;
  return error;
}

}  // namespace bora::timeseries
