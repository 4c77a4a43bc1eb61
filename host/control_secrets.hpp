#pragma once

#include <filesystem>
#include <string>

#include "bora/status.hpp"
#include "host/control_options.hpp"
#include "host/secret.hpp"

namespace bora::host {

/// The token in `file`; when there is no such file, it is made, mode 600, with 32 random bytes in hex.
/// Several processes may do so at once: all get the same.
/// Fails: kInvalid when others may read the file or it holds less than 16 characters; kUnavailable when
/// it cannot be read or made.
[[nodiscard]] Result<Secret> read_or_make_token(const std::filesystem::path& file);

/// What options and the state directory come to.
struct ControlSecrets {
  Secret token = {};                      ///< Empty: there is none.
  std::string token_hint = {};            ///< Where it is, or why there is none, and what to do.
  std::filesystem::path audit_file = {};  ///< Empty: nowhere.
};

/// Fails only for what was asked for by name: a token too short, a file that cannot be used. A state
/// directory that cannot be used means that there is no token.
[[nodiscard]] Result<ControlSecrets> find_secrets(const ControlPlaneOptions& options,
                                                  const std::string& program);

}  // namespace bora::host
