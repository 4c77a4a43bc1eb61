#include "host/trace_json.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <map>
#include <string_view>

#include <nlohmann/json.hpp>

namespace bora::host {

namespace {

using Json = nlohmann::ordered_json;

// SpanKind of OTLP.
constexpr int kInternal = 1;
constexpr int kConsumer = 5;
// StatusCode of OTLP.
constexpr int kError = 2;

std::string hex(std::uint64_t value) {
  std::array<char, 17> text{};
  (void)std::snprintf(text.data(), text.size(), "%016llx", static_cast<unsigned long long>(value));
  return text.data();
}
std::string hex(const TraceId& id) { return hex(id.high) + hex(id.low); }
std::string hex(SpanId id) { return hex(static_cast<std::uint64_t>(id)); }

std::string name_of(const Span& span) {
  return span.kind == Span::Kind::kQueue ? span.component + " queue" : span.component;
}

Json text_attribute(std::string_view key, std::string_view value) {
  return {{"key", key}, {"value", {{"stringValue", value}}}};
}
// 64-bit numbers are texts in the JSON of protobuf.
Json number_attribute(std::string_view key, std::uint64_t value) {
  return {{"key", key}, {"value", {{"intValue", std::to_string(value)}}}};
}

Json otlp_span(const Span& span) {
  Json json{{"traceId", hex(span.at.trace)}, {"spanId", hex(span.at.span)}};
  if (span.parent != SpanId{}) json["parentSpanId"] = hex(span.parent);
  json["name"] = name_of(span);
  json["kind"] = span.kind == Span::Kind::kMessage ? kConsumer : kInternal;
  json["startTimeUnixNano"] = std::to_string(span.from.count());
  json["endTimeUnixNano"] = std::to_string((span.from + span.took).count());
  Json& attributes = json["attributes"] = Json::array();
  attributes.push_back(text_attribute("bora.component", span.component));
  attributes.push_back(number_attribute("bora.task", span.task));
  if (!span.source.empty())
    attributes.push_back(text_attribute("messaging.destination.name", span.source));
  attributes.push_back(
      text_attribute("messaging.destination.partition.id", std::to_string(span.message.partition)));
  attributes.push_back(number_attribute("messaging.kafka.offset", span.message.offset));
  if (!span.failure.empty()) json["status"] = {{"code", kError}, {"message", span.failure}};
  return json;
}

std::string dumped(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// The event with its time in microseconds: in full, as a double has not enough digits for a date in
/// nanoseconds, and some readers take no exponents.
std::string timed(const Json& event, std::chrono::nanoseconds time) {
  std::array<char, 32> micros{};
  (void)std::snprintf(micros.data(), micros.size(), "%lld.%03lld",
                      static_cast<long long>(time.count() / 1'000),
                      static_cast<long long>(time.count() % 1'000));
  std::string text = dumped(event);
  text.pop_back();
  return text + ",\"ts\":" + micros.data() + "}";
}

}  // namespace

std::string otlp_json(std::span<const Span> spans, const std::string& program) {
  std::map<std::string_view, Json> by_topology;
  for (const Span& span : spans)
    by_topology[span.topology].push_back(otlp_span(span));
  Json request{{"resourceSpans", Json::array()}};
  for (auto& [topology, list] : by_topology) {
    Json resource{{"attributes", Json::array({text_attribute("service.name", topology),
                                              text_attribute("service.namespace", program)})}};
    Json scope{{"scope", {{"name", "bora"}}}, {"spans", std::move(list)}};
    request["resourceSpans"].push_back(
        {{"resource", std::move(resource)}, {"scopeSpans", Json::array({std::move(scope)})}});
  }
  return dumped(request);
}

std::string chrome_events(std::span<const Span> spans) {
  std::string text;
  for (const Span& span : spans) {
    Json event{{"ph", "b"},
               {"cat", span.topology},
               {"id", hex(span.at.trace)},
               {"name", name_of(span)},
               {"pid", span.topology},
               {"tid", span.component}};
    Json end = event;
    end["ph"] = "e";
    event["args"] = {{"trace", hex(span.at.trace)},
                     {"span", hex(span.at.span)},
                     {"task", span.task},
                     {"topic", span.source},
                     {"partition", span.message.partition},
                     {"offset", span.message.offset}};
    if (!span.failure.empty()) event["args"]["failure"] = span.failure;
    text += timed(event, span.from) + ",\n" + timed(end, span.from + span.took) + ",\n";
  }
  return text;
}

}  // namespace bora::host
