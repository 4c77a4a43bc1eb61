#pragma once

#include <cstdint>

#include "bora/clock.hpp"
#include "bora/status.hpp"
#include "connectors/log/log_options.hpp"
#include "connectors/log/log_store.hpp"
#include "connectors/log/topic.hpp"

namespace bora::log {

/// Removes records that are not the newest of their key, and tombstones whose delay is over. What lies
/// in the partition's last chunk stays. Returns the number of records removed.
///
/// What it promises: a reader that begins at the start finds, for every key, its newest record (or, for
/// a deleted one, perhaps nothing), after whatever older ones are still there; offsets never change; the
/// chunks cover every offset as before, so readers still tell a removed record from a lost one. A crash
/// at any moment leaves a partition of which the same holds: chunks are replaced one run at a time, the
/// oldest first, each run in one atomic write.
///
/// Runs only when at least half as many records came as the last run kept, or a tombstone is due: so a
/// record is rewritten a few times in its life, not at every call.
///
/// Memory while it runs: each distinct key of the partition, and about 60 bytes beside it.
/// Threads: one call at a time per partition; appends and reads may go on meanwhile.
Result<std::uint64_t> compact(LogStore& store, Partition& partition, const TopicOptions& options,
                              WallTime now);

}  // namespace bora::log
