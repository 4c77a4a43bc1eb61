#include "topologies/coldchain/registry.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

namespace bora::coldchain {
namespace {

using nlohmann::json;

constexpr std::string_view kDevicePrefix = "device/";
constexpr std::string_view kGatewayPrefix = "gateway/";
constexpr std::size_t kMaxHashBytes = 255;

Error invalid(std::string_view key, std::string_view what) {
  return {ErrorKind::kInvalid, "the record of topic 'registry' with key '" + std::string(key) +
                                   "' " + std::string(what)};
}

/// Leading zeros would be a second name for the same id.
std::optional<std::uint64_t> read_id(std::string_view digits) {
  if (digits.empty() || (digits.size() > 1 && digits.front() == '0')) return std::nullopt;
  std::uint64_t id = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), id);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return id;
}

std::optional<std::variant<DeviceId, GatewayId>> read_key(std::string_view key) {
  const auto id_after = [&](std::string_view prefix) -> std::optional<std::uint64_t> {
    if (key.substr(0, prefix.size()) != prefix) return std::nullopt;
    return read_id(key.substr(prefix.size()));
  };
  if (const auto id = id_after(kDevicePrefix)) return DeviceId{*id};
  if (const auto id = id_after(kGatewayPrefix)) return GatewayId{*id};
  return std::nullopt;
}

bool is_hash(std::string_view text) {
  return !text.empty() && text.size() <= kMaxHashBytes &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
}

template <class Entry>
json common_fields(const Entry& entry) {
  return {{"version", kRegistryVersion}, {"auth", entry.auth_hash}, {"config", entry.config}};
}

Result<Record> make_record(std::string key, std::string_view hash, const json& value) {
  if (!is_hash(hash)) return invalid(key, "cannot be written: its 'auth' is no hash");
  Record record;
  try {
    record.value = value.dump();
  } catch (const json::exception&) {
    return invalid(key, "cannot be written: a text of its config is not UTF-8");
  }
  if (record.value.size() > kMaxRegistryValueBytes)
    return invalid(key, "cannot be written: its config is larger than " +
                            std::to_string(kMaxRegistryValueBytes) + " bytes");
  record.key = std::move(key);
  return record;
}

Record make_tombstone(std::string key) {
  Record record;
  record.key = std::move(key);
  record.is_tombstone = true;
  return record;
}

/// Nothing when the bytes are not JSON or a name stands twice in an object.
std::optional<json> read_json(std::string_view bytes) {
  std::vector<std::set<std::string>> names;
  bool is_repeated = false;
  const auto watch = [&](int, json::parse_event_t event, json& parsed) {
    if (event == json::parse_event_t::object_start) names.emplace_back();
    if (event == json::parse_event_t::object_end) names.pop_back();
    if (event == json::parse_event_t::key)
      is_repeated |= !names.back().insert(parsed.get<std::string>()).second;
    return true;
  };
  auto value = json::parse(bytes, watch, /*allow_exceptions=*/false);
  if (value.is_discarded() || is_repeated) return std::nullopt;
  return value;
}

/// Takes the fields out of one value, and notes the first fault.
class ValueReader {
 public:
  explicit ValueReader(json value) : value_(std::move(value)) {}

  [[nodiscard]] std::string auth() {
    auto text = take_text("auth");
    if (!is_hash(text)) note("has no hash in 'auth'");
    return text;
  }
  [[nodiscard]] State state() {
    const auto text = take_text("state");
    if (text != to_string(State::kActive) && text != to_string(State::kInactive))
      note("has a 'state' that is neither 'active' nor 'inactive'");
    return text == to_string(State::kActive) ? State::kActive : State::kInactive;
  }
  [[nodiscard]] Config config() {
    Config config;
    const auto at = value_.find("config");
    if (at == value_.end() || !at->is_object()) {
      note("has no object 'config'");
      return config;
    }
    for (auto& [name, text] : at->get_ref<json::object_t&>()) {
      if (!text.is_string())
        note("has a 'config' that holds something else than texts");
      else
        config.emplace(name, std::move(text.get_ref<std::string&>()));
    }
    value_.erase(at);
    return config;
  }
  /// Requires: everything that belongs there was taken.
  [[nodiscard]] std::optional<std::string> fault() {
    if (!value_.empty()) note("has a field that version 1 does not know: " + value_.begin().key());
    return std::move(fault_);
  }

 private:
  std::string take_text(const char* name) {
    const auto at = value_.find(name);
    if (at == value_.end() || !at->is_string()) {
      note(std::string("has no text '") + name + "'");
      return {};
    }
    auto text = std::move(at->get_ref<std::string&>());
    value_.erase(at);
    return text;
  }
  void note(std::string what) {
    if (!fault_) fault_ = std::move(what);
  }

  json value_;
  std::optional<std::string> fault_;
};

/// The value without its version. Fails: not a JSON object of version 1.
Result<json> read_versioned(std::string_view key, std::string_view bytes) {
  if (bytes.size() > kMaxRegistryValueBytes) return invalid(key, "is too large");
  auto value = read_json(bytes);
  if (!value || !value->is_object())
    return invalid(key, "is not one JSON object whose names differ");
  const auto version = value->find("version");
  if (version == value->end() || !version->is_number_integer())
    return invalid(key, "has no number 'version'");
  if (*version != kRegistryVersion)
    return invalid(key, "has version " + version->dump() + ", but this program reads version " +
                            std::to_string(kRegistryVersion) +
                            " only: it was written by a newer admin service; update this program");
  value->erase(version);
  return *std::move(value);
}

}  // namespace

std::string_view to_string(State state) noexcept {
  return state == State::kActive ? "active" : "inactive";
}

std::string registry_key(DeviceId id) {
  return std::string(kDevicePrefix) + std::to_string(to_uint(id));
}
std::string registry_key(GatewayId id) {
  return std::string(kGatewayPrefix) + std::to_string(to_uint(id));
}

Result<Record> registry_record(const DeviceEntry& entry) {
  json value = common_fields(entry);
  value["state"] = to_string(entry.state);
  return make_record(registry_key(entry.id), entry.auth_hash, value);
}
Result<Record> registry_record(const GatewayEntry& entry) {
  return make_record(registry_key(entry.id), entry.auth_hash, common_fields(entry));
}

Record registry_tombstone(DeviceId id) { return make_tombstone(registry_key(id)); }
Record registry_tombstone(GatewayId id) { return make_tombstone(registry_key(id)); }

Result<RegistryChange> read_registry_record(const Record& record) {
  if (!record.key) return invalid("", "has no key");
  const auto id = read_key(*record.key);
  if (!id) return invalid(*record.key, "names neither device/<id> nor gateway/<id>");
  if (record.is_tombstone) {
    return std::visit([](auto gone) { return RegistryChange{gone}; }, *id);
  }
  auto value = read_versioned(*record.key, record.value);
  if (!value) return value.status();
  ValueReader reader{std::move(value).value()};
  RegistryChange change;
  if (const auto* device = std::get_if<DeviceId>(&*id)) {
    change = DeviceEntry{*device, reader.auth(), reader.state(), reader.config()};
  } else {
    change = GatewayEntry{std::get<GatewayId>(*id), reader.auth(), reader.config()};
  }
  if (const auto fault = reader.fault()) return invalid(*record.key, *fault);
  return change;
}

}  // namespace bora::coldchain
