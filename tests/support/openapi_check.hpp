#pragma once

#include <algorithm>
#include <cctype>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <yaml-cpp/yaml.h>

#include "connectors/http/message.hpp"

namespace bora::testing {

inline std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

/// Holds answers against a description in OpenAPI 3.0, as far as ours use it.
class OpenApi {
 public:
  using Operations = std::set<std::pair<std::string, std::string>>;  ///< Path and method, "get".

  explicit OpenApi(std::string_view text) : document_(YAML::Load(std::string{text})) {}

  [[nodiscard]] Operations operations() const {
    Operations all;
    for (const auto& path : document_["paths"])
      for (const auto& operation : path.second)
        if (const auto name = operation.first.as<std::string>(); name != "parameters")
          all.insert({path.first.as<std::string>(), name});
    return all;
  }
  [[nodiscard]] YAML::Node operation(const std::string& path, http::Method method) const {
    return document_["paths"][path][lower(std::string{to_string(method)})];
  }
  /// Follows {$ref: "#/a/b"}.
  [[nodiscard]] YAML::Node resolve(YAML::Node node) const {
    if (!node.IsMap() || !node["$ref"]) return node;
    std::istringstream path{node["$ref"].as<std::string>().substr(2)};
    YAML::Node at = YAML::Clone(document_);
    for (std::string step; std::getline(path, step, '/');) {
      YAML::Node next = at[step];
      REQUIRE(next);
      at.reset(next);
    }
    return at;
  }
  /// What the value does that its schema does not allow; empty when nothing.
  [[nodiscard]] std::string fault(const nlohmann::json& value, YAML::Node schema) const {
    schema.reset(resolve(schema));
    const auto type = schema["type"] ? schema["type"].as<std::string>() : std::string{};
    if (type == "object") return fault_of_object(value, schema);
    if (type == "array") {
      if (!value.is_array()) return "no array";
      for (const nlohmann::json& item : value)
        if (auto text = fault(item, schema["items"]); !text.empty()) return text;
      return {};
    }
    if (type == "integer") return value.is_number_integer() ? "" : "no integer";
    if (type == "number") return value.is_number() ? "" : "no number";
    if (type == "boolean") return value.is_boolean() ? "" : "no boolean";
    if (type != "string" || !value.is_string()) return "no " + type;
    if (schema["pattern"] && !std::regex_search(value.get<std::string>(),
                                                std::regex{schema["pattern"].as<std::string>()}))
      return "not like " + schema["pattern"].as<std::string>();
    return {};
  }
  /// Checks that `answer` is one that the operation is documented to give.
  void check(const std::string& path, http::Method method, const http::Response& answer) const {
    const YAML::Node documented = operation(path, method);
    REQUIRE(documented);
    const YAML::Node responses = documented["responses"];
    REQUIRE(responses);
    REQUIRE(responses[std::to_string(answer.status)]);
    const YAML::Node response = resolve(responses[std::to_string(answer.status)]);
    if (!response["content"]) {
      CHECK(answer.body.empty());
      return;
    }
    const auto content = response["content"].begin();
    CHECK(answer.content_type == content->first.as<std::string>());
    if (content->second["schema"])
      CHECK(fault(nlohmann::json::parse(answer.body), content->second["schema"]) == "");
  }

 private:
  [[nodiscard]] std::string fault_of_object(const nlohmann::json& value,
                                            const YAML::Node& schema) const {
    if (!value.is_object()) return "no object";
    if (schema["required"])
      for (const auto& name : schema["required"])
        if (!value.contains(name.as<std::string>())) return "lacks " + name.as<std::string>();
    for (const auto& [name, item] : value.items()) {
      const YAML::Node& properties = schema["properties"];
      if (properties && properties[name]) {
        if (auto text = fault(item, properties[name]); !text.empty()) return name + ": " + text;
      } else if (const YAML::Node extra = schema["additionalProperties"]; extra) {
        if (!extra.IsMap()) return "has " + name;
        if (auto text = fault(item, extra); !text.empty()) return name + ": " + text;
      }
    }
    return {};
  }

  YAML::Node document_;
};

}  // namespace bora::testing
