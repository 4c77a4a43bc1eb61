#include <map>

#include <yaml-cpp/yaml.h>

#include "host/settings_input.hpp"

namespace bora::host {

namespace {

// A flat list of names and texts out of a tree of maps.
class Flattener {
 public:
  Flattener(const std::string& file, std::vector<std::string>& faults)
      : file_(file), faults_(faults) {}

  void add_map(const YAML::Node& map, const std::string& prefix) {
    for (const auto& item : map) {
      if (!item.first.IsScalar()) {
        fault(item.first, "a name must be plain text");
        continue;
      }
      add(item.second, prefix + item.first.Scalar(), where(item.first));
    }
  }

  std::vector<YamlValue> take() && { return std::move(values_); }

 private:
  void add(const YAML::Node& node, const std::string& name, const std::string& at) {
    if (node.IsMap()) return add_map(node, name + ".");
    if (node.IsSequence()) return fault(node, name + ": a list is not taken here, only one value");
    const auto [first, is_new] = first_at_.emplace(name, at);
    if (!is_new)
      return faults_.push_back(at + ": " + name + " is already given at " + first->second);
    // `key:` with nothing behind it is the empty text, as in a shell.
    values_.push_back({name, node.IsScalar() ? node.Scalar() : std::string{}, at});
  }

  void fault(const YAML::Node& node, const std::string& text) {
    faults_.push_back(where(node) + ": " + text);
  }
  [[nodiscard]] std::string where(const YAML::Node& node) const {
    return file_ + ":" + std::to_string(node.Mark().line + 1);
  }

  const std::string& file_;
  std::vector<std::string>& faults_;
  std::vector<YamlValue> values_;
  std::map<std::string, std::string> first_at_;  // name -> where
};

}  // namespace

std::vector<YamlValue> read_yaml(const std::string& text, const std::string& file,
                                 std::vector<std::string>& faults) {
  try {
    const YAML::Node document = YAML::Load(text);
    if (document.IsNull()) return {};
    Flattener flattener{file, faults};
    if (document.IsMap())
      flattener.add_map(document, "");
    else
      faults.push_back(file + ":1: expected `name: value` lines, as `config` prints them");
    return std::move(flattener).take();
  } catch (const YAML::Exception& error) {
    const int line = error.mark.is_null() ? 1 : error.mark.line + 1;
    faults.push_back(file + ":" + std::to_string(line) + ": not YAML: " + error.msg);
    return {};
  }
}

}  // namespace bora::host
