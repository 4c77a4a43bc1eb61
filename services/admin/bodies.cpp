#include "services/admin/bodies.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

#include "services/admin/strict_json.hpp"

namespace bora::admin {

namespace {

using nlohmann::json;

constexpr std::size_t kMaxConfigEntries = 64;
constexpr std::size_t kMaxConfigName = 64;
constexpr std::size_t kMaxConfigValue = 1024;

http::Response unprocessable(const std::string& why) { return http::problem(422, why); }

std::optional<double> number_of(const std::string& text) {
  double value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc{} || end != text.data() + text.size() || !std::isfinite(value))
    return std::nullopt;
  return value;
}

// Limits are read by the thresholds topology, far from whoever made a mistake here.
std::string fault_of_limits(const coldchain::Config& config) {
  std::optional<double> least;
  std::optional<double> most;
  for (const auto& [name, text] : config) {
    if (name != "minTemperature" && name != "maxTemperature" && name != "minBattery") continue;
    const auto value = number_of(text);
    if (!value) return name + " is a text that holds a number, such as \"4.5\"";
    if (name == "minBattery" && (*value < 0 || *value > 100)) return name + " is 0 to 100 percent";
    if (name == "minTemperature") least = value;
    if (name == "maxTemperature") most = value;
  }
  if (least && most && *least > *most) return "minTemperature is above maxTemperature";
  return {};
}

bool is_json(std::string_view content_type) {
  content_type = content_type.substr(0, content_type.find(';'));
  while (content_type.ends_with(' '))
    content_type.remove_suffix(1);
  return content_type.empty() || content_type == "application/json";
}

// A number as a config has it: a text.
std::optional<std::string> number_text(const json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end()) return std::nullopt;
  if (found->is_number()) return found->dump();
  return found->is_string() ? std::optional{found->get<std::string>()} : std::nullopt;
}

}  // namespace

OrResponse<json> read_body(const http::Request& request) {
  if (!is_json(http::find_header(request.headers, "Content-Type")))
    return http::problem(415, "the body must be JSON: send Content-Type: application/json");
  auto object = parse_object(request.body);
  if (!object) return http::problem(400, object.error().message);
  return *std::move(object);
}

OrResponse<json> read_body(const http::Request& request,
                           std::initializer_list<std::string_view> known) {
  auto object = read_body(request);
  if (!object) return object;
  for (const auto& [name, value] : object->items())
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      std::string names;
      for (const std::string_view each : known)
        names += (names.empty() ? "" : ", ") + std::string{each};
      return unprocessable("the body holds another name than " + names);
    }
  return object;
}

OrResponse<std::string> text_of(const json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end() || !found->is_string())
    return unprocessable(std::string{name} + " is missing, or no text");
  return found->get<std::string>();
}

OrResponse<std::uint64_t> id_of(const http::Request& request) {
  const std::string& text = request.parameter("id");
  std::uint64_t id = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (code != std::errc{} || end != text.data() + text.size() ||
      (text.size() > 1 && text.front() == '0'))
    return http::problem(404, "an id is a decimal number");
  return id;
}

OrResponse<coldchain::Config> read_config(const json& object) {
  if (object.size() > kMaxConfigEntries)
    return unprocessable("a config has at most " + std::to_string(kMaxConfigEntries) + " entries");
  coldchain::Config config;
  for (const auto& [name, value] : object.items()) {
    if (!value.is_string())
      return unprocessable("a config maps texts to texts; write numbers as \"4.5\"");
    std::string text = value.get<std::string>();
    if (name.empty() || name.size() > kMaxConfigName || text.size() > kMaxConfigValue)
      return unprocessable("a name in a config has 1 to " + std::to_string(kMaxConfigName) +
                           " bytes, a value at most " + std::to_string(kMaxConfigValue));
    config.emplace(name, std::move(text));
  }
  if (const std::string fault = fault_of_limits(config); !fault.empty())
    return unprocessable(fault);
  return config;
}

OrResponse<coldchain::Config> read_older_form(const json& object) {
  json config = json::object();
  const auto copy = [&config](const json& from, const char* name, const char* as) {
    const auto found = from.find(name);
    if (found != from.end()) config[as] = *found;
  };
  copy(object, "name", "name");
  copy(object, "group", "group");
  if (const auto user = object.find("user"); user != object.end()) {
    if (!user->is_object()) return unprocessable("user is an object with name and phone");
    copy(*user, "name", "owner");
    copy(*user, "phone", "phone");
  }
  if (const auto comfort = object.find("comfort_interval"); comfort != object.end()) {
    if (!comfort->is_object())
      return unprocessable("comfort_interval is an object with min and max");
    const auto least = number_text(*comfort, "min");
    const auto most = number_text(*comfort, "max");
    if (!least || !most) return unprocessable("comfort_interval has two numbers, min and max");
    config["minTemperature"] = *least;
    config["maxTemperature"] = *most;
  }
  return read_config(config);
}

http::Response response_of(const Error& error) {
  switch (error.kind) {
    case ErrorKind::kNotFound: return http::problem(404, error.message);
    case ErrorKind::kInvalid: return http::problem(409, error.message);
    case ErrorKind::kUnavailable: return http::problem(503, "the registry cannot be used now");
    default: return http::problem(500, "the registry failed; its operator finds why in the log");
  }
}

http::Response too_many_attempts() {
  http::Response response = http::problem(429, "too many wrong secrets: wait before the next one");
  response.headers.push_back({"Retry-After", "10"});
  return response;
}

http::Response json_response(int status, const nlohmann::ordered_json& body) {
  return http::json(status, body.dump() + "\n");
}

}  // namespace bora::admin
