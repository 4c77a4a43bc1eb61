#include "services/admin/change.hpp"

#include <nlohmann/json.hpp>

#include "services/admin/strict_json.hpp"

namespace bora::admin {

namespace {
constexpr int kVersion = 1;
}

std::string encode_change(const Change& change) {
  nlohmann::json object{{"version", kVersion}, {"audit", change.audit}};
  if (change.record) {
    object["key"] = change.record->key.value_or(std::string{});
    if (!change.record->is_tombstone) object["value"] = change.record->value;
  }
  return object.dump();
}

Result<Change> decode_change(std::uint64_t sequence, std::string_view value) {
  const Error corrupt{ErrorKind::kCorrupt, "the stored change " + std::to_string(sequence) +
                                               " is not readable by this version; restore the "
                                               "registry from a backup"};
  const auto object = parse_object(value);
  if (!object) return corrupt;
  try {
    if (object->at("version").get<int>() != kVersion) return corrupt;
    Change change{.sequence = sequence, .record = {}, .audit = object->at("audit")};
    if (object->contains("key")) {
      Record record;
      record.key = object->at("key").get<std::string>();
      record.is_tombstone = !object->contains("value");
      if (!record.is_tombstone) record.value = object->at("value").get<std::string>();
      change.record = std::move(record);
    }
    return change;
  } catch (const nlohmann::json::exception&) {
    return corrupt;
  }
}

}  // namespace bora::admin
