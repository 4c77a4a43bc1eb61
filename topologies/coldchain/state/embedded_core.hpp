#pragma once
// Private to this folder: includes RocksDB.

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>

#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include "connectors/rocksdb/holders.hpp"
#include "topologies/coldchain/state/embedded_state.hpp"

namespace bora::coldchain {

/// The database, and what of it is kept in memory. What is in memory is in the database, too: memory is
/// changed after a write succeeded.
/// Threads: thread-safe; one mutex.
class EmbeddedState::Core {
 public:
  explicit Core(EmbeddedStateOptions options) : options_(std::move(options)) {}

  /// Opens the database unless it is open, and reads what is kept in memory.
  Status open();

  Status find_seen(std::span<const DeviceId> devices, WallTime now, LastSeen::Known& known);
  Status record(std::span<const Sighting> heard);
  Status walk(const LastSeen::Range& range, std::vector<Sighting>& found);
  Result<std::uint64_t> count_seen();

  Status find_silences(std::span<const DeviceId> devices,
                       std::vector<std::optional<Silence>>& found);
  Status begin(std::span<const Silence> silences);
  Status end(std::span<const SilenceEnd> ends, std::vector<EndAnswer>& answers);
  Status forget_ended(WallTime before);
  Result<SilentSet::Counts> count_silences();

  Status claim(std::span<const AlertClaim> claims, std::vector<ClaimAnswer>& answers);
  Status find_told(std::span<const AlertName> alerts, std::vector<ToldAnswer>& answers);
  Status mark_told(std::span<const AlertName> alerts);

  [[nodiscard]] EmbeddedStateStats stats() const;

 private:
  struct Seen {
    std::int64_t millis = 0;
    std::uint32_t partition = 0;
  };
  struct Span {
    std::int64_t since = 0;
    std::optional<ReadingPlace> ended_by;
  };
  using Lock = std::lock_guard<std::mutex>;
  static constexpr const char* kAlertsFamily = "alerts";
  static constexpr const char* kToldFamily = "told";

  Status ensure_open();
  Status check_format();
  Status load();
  Status load_birth();
  Status load_seen();
  Status load_silences();
  Status write(rocksdb::WriteBatch& batch, std::string_view tried);
  Status write_silences(const std::unordered_map<std::uint64_t, Span>& changed);
  /// The claims granted to one device and kind, by time.
  Result<std::map<std::int64_t, std::string>> load_grants(const std::string& prefix);
  /// The times of the alerts of one device and kind that were told.
  Result<std::set<std::int64_t>> load_told(const std::string& prefix);
  [[nodiscard]] Error unreadable(std::string_view what) const;

  const EmbeddedStateOptions options_;
  mutable std::mutex mutex_;  // guards all below
  std::unique_ptr<store::Database> database_;
  std::optional<StoreBirth> birth_;
  std::unordered_map<std::uint64_t, Seen> seen_;
  std::unordered_map<std::uint64_t, Span> silences_;
  std::uint64_t batches_ = 0;
};

}  // namespace bora::coldchain
