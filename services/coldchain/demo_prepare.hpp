#pragma once

#include <filesystem>

#include "bora/clock.hpp"
#include "bora/status.hpp"
#include "services/coldchain/demo_provision.hpp"
#include "services/coldchain/program.hpp"

namespace bora::demo {

/// Changes the options to those of a demonstration in `directory`: the embedded stores, nobody outside
/// to be notified, and nobody kept waiting before silences are told of.
void adapt(allinone::ProgramOptions& options, const std::filesystem::path& directory);

/// Before the process starts: makes the user that the demonstration is, writes the password to
/// `admin-password` in the directory, for its owner to read, and makes the shared state one that has
/// been there for hours. A store that is new tells of no silence for an hour, since it may be one that
/// lost what it knew. Requires adapt()ed options.
[[nodiscard]] Result<AdminLogin> prepare(const allinone::ProgramOptions& options,
                                         const Clock& clock);

}  // namespace bora::demo
