#pragma once
// Private to this folder: includes RocksDB.

#include <filesystem>
#include <memory>

#include <rocksdb/env.h>

namespace bora::store {

/// Where a database of the house writes its warnings: DIRECTORY/LOG, at most 1 MiB, and before that
/// DIRECTORY/LOG.old. Lines that the disk does not take are dropped.
///
/// RocksDB's own log would not do: in the builds of Debian 12 its second line on a full disk breaks an
/// assertion, and the process with it.
///
/// Threads: thread-safe.
[[nodiscard]] std::shared_ptr<rocksdb::Logger> open_info_log(
    const std::filesystem::path& directory);

}  // namespace bora::store
