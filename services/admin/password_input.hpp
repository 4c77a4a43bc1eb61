#pragma once

#include <string>

#include "bora/status.hpp"

namespace bora::admin {

/// A password: from the terminal without showing it, asked for twice, or, when standard input is no
/// terminal, its first line. Fails: kInvalid when there is none, the two differ, or nobody may have it.
[[nodiscard]] Result<std::string> read_password();

}  // namespace bora::admin
