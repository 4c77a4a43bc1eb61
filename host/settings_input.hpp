#pragma once

#include <string>
#include <utility>
#include <vector>

#include "host/settings.hpp"

namespace bora::host {

/// Where values of settings come from, weakest first: files in order, the environment, assignments.
struct SettingsInput {
  std::vector<std::string> files = {};  ///< Paths of YAML files (JSON is YAML).
  /// Variables of the process, name and value; those that begin with "BORA__" count:
  /// BORA__ARCHIVE__LINGER is archive.linger.
  std::vector<std::pair<std::string, std::string>> environment = {};
  std::vector<std::string> assignments = {};  ///< "archive.linger=5ms", of --set.
};

/// Gives `settings` the values of `input`. In a value of a file, ${NAME} is the environment's NAME
/// ($${ is a plain ${). For a secret, NAME_file is a file to read it from, without its last newline:
/// `notify.token_file: /run/secrets/token`. Returns every fault found, each with where it stands; empty
/// when all is well.
[[nodiscard]] std::vector<std::string> load(Settings& settings, const SettingsInput& input);

/// One value of a YAML file.
struct YamlValue {
  std::string name;   ///< "archive.linger"
  std::string text;   ///< "5ms"
  std::string where;  ///< "etc/raw.yaml:3"
};

/// Reads one YAML document into dotted names. Faults (no YAML, a list, a name given twice) are added
/// to `faults` with file and line; what could be read is returned all the same.
[[nodiscard]] std::vector<YamlValue> read_yaml(const std::string& text, const std::string& file,
                                               std::vector<std::string>& faults);

}  // namespace bora::host
