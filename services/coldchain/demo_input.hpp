#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "bora/clock.hpp"
#include "bora/status.hpp"
#include "services/coldchain/demo_cast.hpp"

namespace bora::demo {

/// The readings that come with the project: beside the program as it was built or installed, else in
/// the sources that it was built of. Fails: kNotFound, with the places that were looked at.
[[nodiscard]] Result<std::vector<std::filesystem::path>> example_readings();

/// Who reports the readings of these CSV files, or of the project's when there are none, as if they had
/// been taken until `now`. Fails: kNotFound, kInvalid.
[[nodiscard]] Result<Cast> read_cast(const std::vector<std::string>& csv, WallTime now);

}  // namespace bora::demo
