#pragma once

#include <string_view>

#include "bora/status.hpp"

namespace bora::sqlite {

/// What became of a call of SQLite's, in the project's terms. `code` is extended or not; `said` is what
/// the database had to say of it.
///
///   kUnavailable  busy, the disk full or failing        kCorrupt  damaged, or no database at all
///   kNotFound     cannot be opened                      kInvalid  a statement that cannot be
[[nodiscard]] Status translate(int code, std::string_view tried, std::string_view path,
                               std::string_view said);

}  // namespace bora::sqlite
