#pragma once

#include <string>

namespace CLI {  // NOLINT(readability-identifier-naming): the name that CLI11 has
class App;
}

namespace bora::host {

/// What `--help` says of the exit codes, and the manual too.
extern const char* const kExitCodes;

/// A manual page (man 1) of the program, from what `--help` is made of.
[[nodiscard]] std::string manual_page(const CLI::App& app, const std::string& version);

/// A script for bash that completes the program's commands and options, from the same.
[[nodiscard]] std::string bash_completion(const CLI::App& app);

}  // namespace bora::host
