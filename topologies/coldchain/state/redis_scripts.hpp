#pragma once
// Private to this folder: what has to happen at once in Redis. Scripts take their keys from KEYS and
// their times from the caller, and change nothing when they are run twice.

#include <array>

#include "connectors/redis/pipeline.hpp"

namespace bora::coldchain {

/// KEYS: grants of a device and kind. ARGV: time, id, least distance, time kept. 1: yours.
[[nodiscard]] const redis::Script& claim_script();
/// KEYS: alerts told of a device and kind. ARGV: time, most that are kept, time kept after the last.
[[nodiscard]] const redis::Script& told_script();
/// KEYS: silences, ended ones. ARGV: device, since, "partition offset" or "", and so on.
[[nodiscard]] const redis::Script& begin_script();
/// The same; answers 1 for yours, 0 for taken, of each.
[[nodiscard]] const redis::Script& end_script();
/// KEYS: the same. ARGV: the least beginning that is not forgotten.
[[nodiscard]] const redis::Script& forget_script();

[[nodiscard]] std::array<const redis::Script*, 5> all_scripts();

}  // namespace bora::coldchain
