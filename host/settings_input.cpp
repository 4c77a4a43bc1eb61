#include "host/settings_input.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string_view>

#include "bora/status.hpp"

namespace bora::host {

namespace {

constexpr std::string_view kPrefix = "BORA__";
constexpr std::string_view kFileSuffix = "_file";
// A configuration is a page of text; a larger file is a mistake (a data file, a device).
constexpr std::size_t kMaxFileBytes = std::size_t{1} << 20;

Result<std::string> read_file(const std::string& path) {
  std::ifstream file{path, std::ios::binary};
  if (!file) return Error{ErrorKind::kNotFound, path + ": cannot be read: " + std::strerror(errno)};
  std::string text(kMaxFileBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad()) return Error{ErrorKind::kInvalid, path + ": cannot be read: is it a file?"};
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > kMaxFileBytes)
    return Error{ErrorKind::kInvalid, path + ": over 1MiB: this is no configuration"};
  return text;
}

// "BORA__ARCHIVE__LINGER" -> "archive.linger"
std::string name_of_variable(std::string_view variable) {
  variable.remove_prefix(kPrefix.size());
  std::string name;
  for (std::size_t i = 0; i < variable.size(); ++i) {
    const char c = variable[i];
    if (c == '_' && i + 1 < variable.size() && variable[i + 1] == '_') {
      name += '.';
      ++i;
    } else {
      name += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
  }
  return name;
}

class Loader {
 public:
  using Environment = std::vector<std::pair<std::string, std::string>>;
  Loader(Settings& settings, const Environment& environment)
      : settings_(settings), environment_(environment) {}

  void load_file(const std::string& path) {
    const Result<std::string> text = read_file(path);
    if (!text) return faults.push_back(text.error().message);
    for (const YamlValue& value : read_yaml(*text, path, faults)) {
      const Result<std::string> expanded = expand(value.text);
      if (expanded)
        set(value.name, *expanded, value.where);
      else
        faults.push_back(value.where + ": " + value.name + ": " + expanded.error().message);
    }
  }
  void load_variable(const std::string& variable, const std::string& value) {
    if (variable.starts_with(kPrefix)) set(name_of_variable(variable), value, variable);
  }
  void load_assignment(const std::string& assignment) {
    const std::size_t equals = assignment.find('=');
    if (equals == std::string::npos)
      return faults.push_back("--set " + assignment + ": write --set name=value");
    set(assignment.substr(0, equals), assignment.substr(equals + 1), "--set");
  }

  std::vector<std::string> faults;

 private:
  /// The text with each ${NAME} replaced.
  [[nodiscard]] Result<std::string> expand(const std::string& text) const {
    std::string expanded;
    std::size_t from = 0;
    for (;;) {
      const std::size_t at = text.find("${", from);
      expanded += text.substr(from, at - from);
      if (at == std::string::npos) return expanded;
      from = at + 2;
      if (at > 0 && text[at - 1] == '$') {  // its first $ stands in `expanded` already
        expanded += '{';
        continue;
      }
      const std::size_t end = text.find('}', from);
      if (end == std::string::npos)
        return Error{ErrorKind::kInvalid, "${ without }; write $${ for a plain one"};
      const std::string name = text.substr(from, end - from);
      const auto variable = std::find_if(environment_.begin(), environment_.end(),
                                         [&](const auto& v) { return v.first == name; });
      if (variable == environment_.end())
        return Error{ErrorKind::kInvalid,
                     "the environment has no " + name + "; set it, or write $${ for a plain ${"};
      expanded += variable->second;
      from = end + 1;
    }
  }

  void set(const std::string& name, const std::string& text, const std::string& origin) {
    if (name.ends_with(kFileSuffix) && !settings_.has(name)) {
      const std::string secret = name.substr(0, name.size() - kFileSuffix.size());
      if (settings_.is_secret(secret)) return set_from_file(secret, text, origin);
    }
    if (Status status = settings_.set(name, text, origin); !status)
      faults.push_back(status.error().message);
  }

  void set_from_file(const std::string& name, const std::string& path, const std::string& origin) {
    Result<std::string> secret = read_file(path);
    if (!secret) return faults.push_back(origin + ": " + name + ": " + secret.error().message);
    if (secret->ends_with('\n')) secret->pop_back();
    if (Status status = settings_.set(name, *secret, origin + " " + path); !status)
      faults.push_back(status.error().message);
  }

  Settings& settings_;
  const Environment& environment_;
};

}  // namespace

std::vector<std::string> load(Settings& settings, const SettingsInput& input) {
  Loader loader{settings, input.environment};
  for (const std::string& file : input.files)
    loader.load_file(file);
  for (const auto& [variable, value] : input.environment)
    loader.load_variable(variable, value);
  for (const std::string& assignment : input.assignments)
    loader.load_assignment(assignment);
  return std::move(loader.faults);
}

}  // namespace bora::host
