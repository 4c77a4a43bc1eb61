#pragma once

#include <string_view>

#include "bora/status.hpp"

namespace bora::redis {

/// Says a refusal of the server in the project's terms; the text adds the server and what to do.
///
/// kUnavailable: it reads its file after a restart, is no master, is out of memory or cannot save: the
/// same call may succeed later. kNotFound: it does not know the script. kInvalid: credentials, rights, a
/// command that it does not know, a key that holds something else.
[[nodiscard]] Status translate(std::string_view refusal, std::string_view server);

/// Whether the server says that another one is the master now.
[[nodiscard]] bool is_demoted(std::string_view refusal) noexcept;

}  // namespace bora::redis
