#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "bora/clock.hpp"
#include "bora/status.hpp"
#include "services/gateway/simulation.hpp"

namespace bora::demo {

struct InputOptions {
  std::vector<std::string> csv;  ///< Empty: the two files of the project.
  std::uint64_t duplicates = 500;
  std::uint64_t malformed = 250;
  std::uint64_t gateways = 3;
  std::uint64_t seed = 1;
};

/// The readings that come with the project: beside the program as it was built or installed, else in
/// the sources that it was built of. Fails: kNotFound, with the places that were looked at.
[[nodiscard]] Result<std::vector<std::filesystem::path>> example_readings();

/// Reports of all readings in the files, moved in time so that the last was taken at `now`: none lies
/// in the future. Fails: kNotFound, kInvalid.
[[nodiscard]] Result<std::unique_ptr<gateway::Simulation>> make_input(const InputOptions& options,
                                                                      WallTime now);

}  // namespace bora::demo
