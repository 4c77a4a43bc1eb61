#pragma once

#include <memory>

#include "connectors/redis/options.hpp"
#include "connectors/redis/stats.hpp"
#include "topologies/coldchain/shared_state.hpp"

namespace bora::coldchain {

/// The shared state in Redis, over a connection of its own. Connects when first used.
///
/// Keys, behind RedisOptions::key_prefix:
///   birth                   which life of the store this is: "ID MILLISECONDS"
///   lastseen                sorted set: device, by millisecond * 1024 + partition
///   silent                  hash: device -> "SINCE" or, when it ended, "SINCE PARTITION OFFSET"
///   silent:ended            sorted set: devices whose silence ended, by its beginning
///   alerted:DEVICE:KIND     sorted set: ids of granted claims, by time; gone 48 hours after the last
///   told:DEVICE:KIND        sorted set: times of alerts that were told; gone likewise
///
/// Every batch is one or two commands, or one script, sent at once. What is acknowledged is as durable
/// as the server is told to be: appendonly yes with appendfsync always, else its last moments may go.
/// `stats` outlives what this returns.
[[nodiscard]] std::unique_ptr<SharedState> connect_redis_state(const redis::RedisOptions& options,
                                                               redis::RedisStats& stats);

}  // namespace bora::coldchain
