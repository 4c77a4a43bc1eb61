#include "topologies/datapoints/kairos_query.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <initializer_list>
#include <stdexcept>

#include <nlohmann/json.hpp>

namespace bora::datapoints::kairos {

using Json = nlohmann::json;

namespace {

constexpr std::array<std::string_view, 8> kUnits{"milliseconds", "seconds", "minutes", "hours",
                                                 "days",         "weeks",   "months",  "years"};
constexpr std::array<std::string_view, 7> kFunctions{"min",   "max",   "avg", "sum",
                                                     "count", "first", "last"};

/// What is wrong with a query; caught by parse_query().
struct Wrong {
  std::string text;
};

[[noreturn]] void wrong(std::string text) { throw Wrong{std::move(text)}; }

template <std::size_t N>
std::size_t index_of(const std::array<std::string_view, N>& names, std::string name,
                     const char* what) {
  std::transform(name.begin(), name.end(), name.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) wrong(std::string{what} + " '" + name + "' is not served");
  return static_cast<std::size_t>(found - names.begin());
}

/// Every member must be known: an ignored one would make another question of it.
void allow_only(const Json& object, std::initializer_list<std::string_view> names,
                const std::string& where) {
  if (!object.is_object()) wrong(where + " must be an object");
  for (const auto& [name, value] : object.items())
    if (std::find(names.begin(), names.end(), name) == names.end())
      wrong(where + "." + name + " is not served");
}

Span span_of(const Json& json, const std::string& where) {
  allow_only(json, {"value", "unit"}, where);
  // KairosDB takes the number as text, too.
  const Json& value = json.at("value");
  Span span;
  span.value = value.is_string() ? std::stoll(value.get<std::string>()) : value.get<std::int64_t>();
  constexpr std::int64_t kMost = 1'000'000'000;
  if (span.value < 1 || span.value > kMost) wrong(where + ".value must be between 1 and 1e9");
  span.unit = static_cast<Unit>(index_of(kUnits, json.at("unit").get<std::string>(), "unit"));
  return span;
}

Aggregator aggregator_of(const Json& json, const std::string& where) {
  allow_only(json, {"name", "sampling", "align_sampling", "align_start_time", "align_end_time"},
             where);
  Aggregator aggregator;
  aggregator.function =
      static_cast<Function>(index_of(kFunctions, json.at("name").get<std::string>(), "aggregator"));
  if (json.contains("sampling"))
    aggregator.sampling = span_of(json["sampling"], where + ".sampling");
  aggregator.aligns_sampling = json.value("align_sampling", true);
  if (json.value("align_end_time", false)) aggregator.time = Align::kEnd;
  if (json.value("align_start_time", false)) aggregator.time = Align::kStart;
  return aggregator;
}

/// Values of a tag as ids; those that are none, as "007" and "x", match no point.
template <class Id>
void add_ids(const Json& values, std::vector<Id>& ids) {
  const auto add = [&](const Json& value) {
    const auto text = value.get<std::string>();
    std::uint64_t id = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), id);
    if (failed == std::errc{} && end == text.data() + text.size() && std::to_string(id) == text)
      ids.push_back(Id{id});
  };
  if (values.is_array())
    std::for_each(values.begin(), values.end(), add);
  else
    add(values);
}

void read_tags(const Json& tags, Metric& metric, const std::string& where) {
  if (!tags.is_object()) wrong(where + " must be an object");
  for (const auto& [name, values] : tags.items()) {
    if (values.is_array() && values.empty()) continue;
    if (name == "device") {
      add_ids(values, metric.devices);
      metric.matches_nothing |= metric.devices.empty();
    } else if (name == "gateway") {
      add_ids(values, metric.gateways);
      metric.matches_nothing |= metric.gateways.empty();
    } else {
      metric.matches_nothing = true;
    }
  }
}

void read_groups(const Json& groups, Metric& metric, const std::string& where) {
  for (const Json& group : groups) {
    allow_only(group, {"name", "tags"}, where);
    if (group.at("name") != "tag") wrong(where + ": only grouping by tag is served");
    for (const Json& tag : group.at("tags")) {
      if (tag != "device" && tag != "gateway")
        wrong(where + ": there is no tag " + tag.dump() + "; group by device or gateway");
      metric.group_by.push_back(tag == "device" ? Tag::kDevice : Tag::kGateway);
    }
  }
}

Metric metric_of(const Json& json, const std::string& where) {
  allow_only(json, {"name", "tags", "group_by", "aggregators", "limit", "order", "exclude_tags"},
             where);
  Metric metric;
  metric.name = json.at("name").get<std::string>();
  if (metric.name.empty()) wrong(where + ".name must not be empty");
  for (const auto series : {coldchain::Series::kTemperature, coldchain::Series::kBattery})
    if (metric.name == to_string(series)) metric.series = series;
  if (json.contains("tags")) read_tags(json["tags"], metric, where + ".tags");
  if (json.contains("group_by")) read_groups(json["group_by"], metric, where + ".group_by");
  if (json.contains("aggregators"))
    for (const Json& aggregator : json["aggregators"])
      metric.aggregators.push_back(aggregator_of(aggregator, where + ".aggregators"));
  const std::int64_t limit = json.value("limit", std::int64_t{0});
  metric.limit = limit < 0 ? 0 : static_cast<std::size_t>(limit);
  const std::string order = json.value("order", std::string{"asc"});
  if (order != "asc" && order != "desc") wrong(where + ".order must be asc or desc");
  if (order == "desc") metric.order = coldchain::TimeOrder::kNewestFirst;
  metric.shows_tags = !json.value("exclude_tags", false);
  return metric;
}

std::optional<WallTime> time_of(const Json& json, const std::string& end, WallTime now) {
  if (json.contains(end + "_absolute")) {
    const Json& time = json[end + "_absolute"];
    return from_millis(time.is_string() ? std::stoll(time.get<std::string>())
                                        : time.get<std::int64_t>());
  }
  if (!json.contains(end + "_relative")) return std::nullopt;
  const Span back = span_of(json[end + "_relative"], end + "_relative");
  return add(now, back.unit, -back.value);
}

Query query_of(const Json& json, WallTime now) {
  allow_only(json,
             {"start_absolute", "start_relative", "end_absolute", "end_relative", "time_zone",
              "cache_time", "metrics"},
             "query");
  const std::string zone = json.value("time_zone", std::string{"UTC"});
  if (zone != "UTC" && zone != "GMT" && zone != "Etc/UTC")
    wrong("query.time_zone '" + zone + "' is not served, only UTC");
  const auto start = time_of(json, "start", now);
  if (!start) wrong("query.start_absolute or query.start_relative must be set");
  Query query;
  query.range = {*start, time_of(json, "end", now).value_or(WallTime::max())};
  if (query.range.to < query.range.from) wrong("the end of the query must not be before its start");
  const Json& metrics = json.at("metrics");
  if (!metrics.is_array() || metrics.empty()) wrong("query.metrics must have at least one metric");
  for (std::size_t i = 0; i < metrics.size(); ++i)
    query.metrics.push_back(metric_of(metrics[i], "query.metrics[" + std::to_string(i) + "]"));
  return query;
}

}  // namespace

std::string_view to_string(Tag tag) noexcept { return tag == Tag::kDevice ? "device" : "gateway"; }

Result<Query> parse_query(std::string_view text, WallTime now) {
  const Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded()) return Error{ErrorKind::kInvalid, "the query is not JSON"};
  try {
    return query_of(json, now);
  } catch (const Wrong& fault) {
    return Error{ErrorKind::kInvalid, fault.text};
  } catch (const std::logic_error&) {  // of stoll()
    return Error{ErrorKind::kInvalid, "a number of the query is none"};
  } catch (const Json::exception& fault) {
    return Error{ErrorKind::kInvalid, std::string{"the query is malformed: "} + fault.what()};
  }
}

}  // namespace bora::datapoints::kairos
