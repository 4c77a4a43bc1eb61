#include <array>
#include <cmath>
#include <limits>
#include <set>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "bora/check.hpp"
#include "topologies/coldchain/alert.hpp"
#include "topologies/coldchain/codec.hpp"

// Alerts are few, so the codec is the plain one: a document.

namespace bora::coldchain {
namespace {

using Json = nlohmann::json;

struct InfoField {
  std::string_view name;
  std::string DeviceInfo::*member;
};
constexpr std::array<InfoField, 4> kInfoFields{{{"name", &DeviceInfo::name},
                                                {"group", &DeviceInfo::group},
                                                {"owner", &DeviceInfo::owner},
                                                {"phone", &DeviceInfo::phone}}};

Rejection wrong(RejectReason reason, std::string_view field, std::string_view what) {
  return {reason, std::string{field}.append(what)};
}

/// Notes what a document does not show: how deep it is, and which of our fields stood twice.
class Watch {
 public:
  bool operator()(Json::parse_event_t event, const Json& parsed) {
    using Event = Json::parse_event_t;
    switch (event) {
      case Event::object_start:
      case Event::array_start:
        levels_.emplace_back();
        if (levels_.size() > kMaxNesting) is_too_deep_ = true;
        break;
      case Event::object_end:
      case Event::array_end: levels_.pop_back(); break;
      case Event::key: note_key(parsed.get_ref<const std::string&>()); break;
      default: break;
    }
    return true;
  }
  [[nodiscard]] std::optional<Rejection> fault() const {
    if (is_too_deep_)
      return Rejection{RejectReason::kTooDeep,
                       "the record is nested deeper than " + std::to_string(kMaxNesting)};
    if (!twice_.empty()) return wrong(RejectReason::kDuplicateField, twice_, " stands twice");
    return std::nullopt;
  }

 private:
  void note_key(const std::string& key) {
    static const std::set<std::string_view> ours{"id",    "device", "kind", "value",
                                                 "limit", "time",   "info"};
    Level& level = levels_.back();
    level.key = key;
    const bool is_ours = levels_.size() == 1 ? ours.count(key) != 0
                                             : levels_.size() == 2 && levels_[0].key == "info";
    if (is_ours && !level.seen.insert(key).second && twice_.empty()) twice_ = key;
  }

  struct Level {
    std::string key;
    std::set<std::string> seen;
  };
  std::vector<Level> levels_;
  std::string twice_;
  bool is_too_deep_ = false;
};

/// Takes fields out of one object, and notes the first fault.
class Fields {
 public:
  explicit Fields(const Json& object) : object_(object) {}

  std::uint64_t integer(const char* name, std::uint64_t most) {
    const Json* value = required(name);
    if (value == nullptr) return 0;
    if (!value->is_number_integer())
      return note(RejectReason::kWrongType, name, " must be an integer");
    if (!value->is_number_unsigned() || value->get<std::uint64_t>() > most)
      return note(RejectReason::kOutOfRange, name, " must be in 0.." + std::to_string(most));
    return value->get<std::uint64_t>();
  }
  double number(const char* name) {
    const Json* value = required(name);
    if (value == nullptr) return 0;
    if (!value->is_number()) return note(RejectReason::kWrongType, name, " must be a number"), 0.0;
    return value->get<double>();
  }
  std::string text(const char* name) {
    const Json* value = required(name);
    if (value == nullptr) return {};
    if (!value->is_string()) return note(RejectReason::kWrongType, name, " must be a string"), "";
    return value->get<std::string>();
  }
  std::uint64_t note(RejectReason reason, std::string_view field, std::string_view what) {
    if (!fault_) fault_ = wrong(reason, field, what);
    return 0;
  }
  [[nodiscard]] const std::optional<Rejection>& fault() const noexcept { return fault_; }

 private:
  const Json* required(const char* name) {
    const auto found = object_.find(name);
    if (found != object_.end()) return &*found;
    note(RejectReason::kMissingField, name, " is missing");
    return nullptr;
  }

  const Json& object_;
  std::optional<Rejection> fault_;
};

void read_info(const Json& record, DeviceInfo& info, Fields& fields) {
  const auto found = record.find("info");
  if (found == record.end()) return;
  if (!found->is_object()) {
    fields.note(RejectReason::kWrongType, "info", " must be an object");
    return;
  }
  for (const InfoField& field : kInfoFields) {
    const auto value = found->find(field.name);
    if (value == found->end()) continue;
    if (value->is_string()) {
      info.*field.member = value->get<std::string>();
    } else {
      fields.note(RejectReason::kWrongType, "info." + std::string{field.name}, " must be a string");
    }
  }
}

Parsed<Alert> read_alert(const Json& record) {
  constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();
  constexpr std::uint64_t kLatest = std::numeric_limits<std::int64_t>::max();
  Fields fields{record};
  Alert alert;
  const std::string id = fields.text("id");
  alert.device_id = DeviceId{fields.integer("device", kMost)};
  const auto kind = parse_alert_kind(fields.text("kind"));
  if (!kind) fields.note(RejectReason::kOutOfRange, "kind", " is none of the known ones");
  alert.kind = kind.value_or(AlertKind::kTooHot);
  alert.value = fields.number("value");
  alert.limit = fields.number("limit");
  alert.time = from_millis(static_cast<std::int64_t>(fields.integer("time", kLatest)));
  read_info(record, alert.info, fields);
  if (!fields.fault() && id != alert_id(alert))
    fields.note(RejectReason::kOutOfRange, "id", " must be " + alert_id(alert));
  if (fields.fault()) return *fields.fault();
  return alert;
}

}  // namespace

void write_alert(const Alert& alert, std::string& out) {
  BORA_CHECK(std::isfinite(alert.value) && std::isfinite(alert.limit),
             "an alert with a number that JSON cannot carry");
  nlohmann::ordered_json json{{"id", alert_id(alert)},         {"device", to_uint(alert.device_id)},
                              {"kind", to_string(alert.kind)}, {"value", alert.value},
                              {"limit", alert.limit},          {"time", to_millis(alert.time)}};
  for (const InfoField& field : kInfoFields) {
    const std::string& text = alert.info.*field.member;
    if (!text.empty()) json["info"][std::string{field.name}] = text;
  }
  using Handler = nlohmann::ordered_json::error_handler_t;
  out += json.dump(-1, ' ', /*ensure_ascii=*/false, Handler::replace);
}

Parsed<Alert> parse_alert(std::string_view bytes) {
  if (bytes.size() > kMaxRecordBytes)
    return Rejection{RejectReason::kTooLarge, "the record has " + std::to_string(bytes.size()) +
                                                  " bytes, more than " +
                                                  std::to_string(kMaxRecordBytes)};
  const Rejection not_json{RejectReason::kMalformedJson, "the record is not one JSON object"};
  // nlohmann skips a byte order mark and ends at a zero byte; neither is JSON.
  if (bytes.substr(0, 3) == "\xEF\xBB\xBF" || bytes.find('\0') != std::string_view::npos)
    return not_json;
  Watch watch;
  const Json record = Json::parse(
      bytes, [&](int, Json::parse_event_t event, Json& parsed) { return watch(event, parsed); },
      /*allow_exceptions=*/false);
  if (!record.is_object()) return not_json;  // discarded when it is no JSON
  if (auto fault = watch.fault()) return *std::move(fault);
  return read_alert(record);
}

}  // namespace bora::coldchain
