#pragma once
// Private: includes RocksDB and nlohmann/json. For registry_store*.cpp.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>
#include <rocksdb/write_batch.h>

#include "connectors/rocksdb/holders.hpp"
#include "services/admin/registry_store.hpp"

namespace bora::admin {

/// The tables, and what all changes have in common.
///
/// Families: `default` (format and counters, decimal text), `devices` and `gateways` (key: id,
/// big-endian; value: that of the topic's record), `users` (key: name), `pending` (key: sequence).
/// Threads: members say what guards them.
class RegistryStore::Impl {
 public:
  static constexpr const char* kDevices = "devices";
  static constexpr const char* kGateways = "gateways";
  static constexpr const char* kUsers = "users";
  static constexpr const char* kPending = "pending";
  static constexpr std::string_view kNextDevice = "next device";
  static constexpr std::string_view kNextGateway = "next gateway";
  static constexpr std::string_view kNextGeneration = "next generation";
  static constexpr std::string_view kNextSequence = "next sequence";

  Impl(const std::filesystem::path& path, const Clock& clock) : path_(path), clock_(clock) {}

  /// Opens the database, checks or writes the format, reads counters and users.
  Status load();

  /// One change under way. Holds change_mutex: make it first, then read what the change depends on.
  /// After a write that failed (a full disk) it begins by opening the database again, which commit()
  /// says when it cannot be done.
  class Writing {
   public:
    explicit Writing(Impl& impl)
        : impl_(impl), lock_(impl.change_mutex_), is_open_(impl.recover()) {}
    void put(const char* family, std::string_view key, std::string_view value);
    void erase(const char* family, std::string_view key);
    /// The counter's value, which is given once.
    std::uint64_t take(std::string_view counter);
    /// Writes everything with its Change, syncs, tells the listener. Returns the sequence.
    Result<std::uint64_t> commit(const Actor& actor, std::string_view action,
                                 std::string_view target, std::optional<Record> record,
                                 const nlohmann::json& detail);

   private:
    Impl& impl_;
    std::lock_guard<std::mutex> lock_;
    const Status is_open_;
    rocksdb::WriteBatch batch_;
    std::map<std::string, std::uint64_t, std::less<>> taken_;
  };

  /// kNotFound when there is none.
  Result<std::string> get(const char* family, std::string_view key, std::string_view what) const;
  /// Calls `take` for each entry behind `after` until it answers false.
  Status scan(const char* family, std::optional<std::uint64_t> after, std::string_view tried,
              const std::function<bool(std::string_view key, std::string_view value)>& take) const;
  /// Requires: in Writing, and committed.
  void remember(User user);
  void forget_user(std::string_view name);
  [[nodiscard]] bool is_last_admin(std::string_view name) const;

  /// Removes pending changes up to this one.
  Status forget(std::uint64_t sequence);

  std::function<void(Change)> listener;  // set before the first change

  mutable std::mutex users_mutex;
  std::map<std::string, User, std::less<>> users;  // guarded by users_mutex

 private:
  Status open();
  [[nodiscard]] Error not_open() const;
  /// Opens the database again if a write failed. What was answered as failed may turn out to be there:
  /// then it happens after all, and the listener is told. Under change_mutex_.
  Status recover();
  Status load_counters();
  Status load_users();

  const std::filesystem::path path_;
  const Clock& clock_;
  /// Held, shared, by all that read db_; held alone while it is opened again, under change_mutex_.
  mutable std::shared_mutex db_mutex_;
  std::unique_ptr<store::Database> db_;  // null when it could not be opened again
  std::mutex change_mutex_;
  std::map<std::string, std::uint64_t, std::less<>> counters_;  // guarded by change_mutex_
};

/// Eight bytes, big-endian, so that tables are in the order of ids.
[[nodiscard]] std::string id_key(std::uint64_t id);
[[nodiscard]] std::uint64_t id_in_key(std::string_view key) noexcept;

}  // namespace bora::admin
