#include "services/admin/strict_json.hpp"

#include <set>
#include <string>
#include <vector>

namespace bora::admin {

Result<nlohmann::json> parse_object(std::string_view text) {
  using Event = nlohmann::json::parse_event_t;
  std::vector<std::set<std::string>> names;  // of the objects that are open
  const char* fault = nullptr;
  const auto look = [&](int depth, Event event, nlohmann::json& parsed) {
    if (depth >= static_cast<int>(kMaxJsonDepth)) fault = "the JSON is nested too deep";
    if (event == Event::object_start) names.emplace_back();
    if (event == Event::object_end) names.pop_back();
    if (event == Event::key && !names.back().insert(parsed.get<std::string>()).second)
      fault = "a name stands twice in one object";
    return fault == nullptr || event != Event::object_start;  // what is broken need not be built
  };
  auto parsed = nlohmann::json::parse(text.begin(), text.end(), look, /*allow_exceptions=*/false);
  if (fault != nullptr) return Error{ErrorKind::kInvalid, fault};
  if (parsed.is_discarded()) return Error{ErrorKind::kInvalid, "the body is no JSON"};
  if (!parsed.is_object()) return Error{ErrorKind::kInvalid, "the body is no JSON object"};
  return parsed;
}

}  // namespace bora::admin
