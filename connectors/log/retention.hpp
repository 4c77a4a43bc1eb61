#pragma once

#include <cstdint>

#include "bora/clock.hpp"
#include "bora/status.hpp"
#include "connectors/log/log_store.hpp"
#include "connectors/log/topic.hpp"

namespace bora::log {

/// Removes the chunks of a partition that the options no longer keep: whole chunks only, oldest first,
/// so up to one group more than the bound may stay. Returns the number of records removed.
///
/// Threads: one call at a time per partition; appends and reads may go on meanwhile.
Result<std::uint64_t> enforce_retention(LogStore& store, Partition& partition,
                                        const TopicOptions& options, WallTime now);

}  // namespace bora::log
