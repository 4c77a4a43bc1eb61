#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>

#include "bora/status.hpp"
#include "topologies/coldchain/shared_state.hpp"

namespace bora::coldchain {

enum class Durability : std::uint8_t {
  kSynced,    ///< What was recorded survives a power failure. One fsync per batch.
  kBuffered,  ///< It survives a crash of the process; a power failure loses seconds.
};

struct EmbeddedStateOptions {
  std::filesystem::path path;  ///< A directory of its own.
  Durability durability = Durability::kSynced;
};

struct EmbeddedStateStats {
  std::uint64_t devices = 0;   ///< Known to last seen.
  std::uint64_t silences = 0;  ///< Known, ended ones included.
  std::uint64_t batches = 0;   ///< Written.
};

/// The shared state in RocksDB, inside one process.
///
/// Last seen and silences are kept in memory, some 100 bytes a device, and read when it opens; RocksDB
/// is what they are read from. Claims of the ledger are in RocksDB alone. After a failed write (a full
/// disk) the database is opened again by the next call, and read again.
///
/// Threads: thread-safe; writes one batch at a time. One process owns a directory.
/// Lifetime: outlives what connect() gives.
class EmbeddedState {
 public:
  /// Fails: kUnavailable (owned by another process, disk full), kCorrupt, kInvalid (of a version that
  /// is not known).
  [[nodiscard]] static Result<std::unique_ptr<EmbeddedState>> open(
      const EmbeddedStateOptions& options);
  ~EmbeddedState();

  [[nodiscard]] std::unique_ptr<SharedState> connect();
  [[nodiscard]] EmbeddedStateStats stats() const;

 private:
  class Core;
  class Handle;
  explicit EmbeddedState(std::unique_ptr<Core> core) noexcept;
  std::unique_ptr<Core> core_;
};

}  // namespace bora::coldchain
