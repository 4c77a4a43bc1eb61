#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "bora/clock.hpp"
#include "bora/status.hpp"
#include "connectors/sqlite/database.hpp"

namespace bora::gateway {

struct OutboxOptions {
  std::filesystem::path path;  ///< Made, for its owner alone, when it is not there.

  /// Bytes of messages that may wait; the file is about a third larger. One more is refused.
  std::size_t max_bytes = std::size_t{256} << 20;

  /// kFull for input: what was answered is on the disk. Output may do with kNormal, which saves it a
  /// sync for each batch: a removal that power takes back is a message sent twice.
  sqlite::DatabaseOptions::Durability durability = sqlite::DatabaseOptions::Durability::kFull;
};

/// A message on its way in.
struct OutboxMessage {
  std::string text;
  std::string traceparent = {};  ///< The trace that it belongs to; empty: none.
};

/// One row of the table.
struct OutboxRow {
  std::int64_t id = 0;   ///< Ascends in the order of append(), and is never used again.
  WallTime timestamp{};  ///< When it was appended.
  std::string message;
  std::string topic;
  std::string traceparent = {};
};

/// What a person wants to know of an outbox.
struct OutboxSummary {
  std::uint64_t rows = 0;   ///< Waiting.
  std::uint64_t bytes = 0;  ///< Of their messages.
  std::optional<WallTime> oldest;
  std::uint64_t delivered = 0;  ///< Since the file was made.
  std::optional<WallTime> last_delivery;
  std::string last_error;  ///< Of output; empty when a delivery came after it.
  std::optional<WallTime> last_error_time;
};

/// What a gateway has accepted and not delivered: table `messages(id, timestamp, message, topic,
/// traceparent)` of a SQLite file. A file that lacks `traceparent` gets it when it is opened, and
/// programs that do not know it go on with the file. Input and output meet here and nowhere else, each with an Outbox of its own on the same
/// file, in one process or in two.
///
/// A full outbox refuses the newest message, whose sender is told: one that was answered "ok" is never
/// dropped, which is what the answer means, and a sender that must choose what to forget knows more of
/// its messages than the outbox does. 256 MiB are two million messages: fifty devices for over a year.
///
/// Threads: single-owner; several may be open on one file.
class Outbox {
 public:
  /// Fails: as sqlite::Database::open(); kInvalid when the file was made by another version.
  [[nodiscard]] static Result<std::unique_ptr<Outbox>> open(const OutboxOptions& options);
  /// For summary() alone. Fails: kNotFound when there is no such file.
  [[nodiscard]] static Result<std::unique_ptr<Outbox>> open_read_only(
      const std::filesystem::path& path);

  /// Stores all messages, in their order, or none of them. When it returns they are durable.
  /// Fails: kUnavailable when they would not fit, when the disk is full or fails.
  Status append(std::span<const OutboxMessage> messages, const std::string& topic, WallTime now);
  /// Of no trace.
  Status append(std::span<const std::string> messages, const std::string& topic, WallTime now);

  /// The oldest rows in their order, up to either limit, but one if there is any.
  [[nodiscard]] Result<std::vector<OutboxRow>> first(std::size_t max_rows, std::size_t max_bytes);

  /// Removes rows that were delivered.
  Status remove(std::span<const std::int64_t> ids, WallTime now);
  /// Remembers why output delivers nothing, until it does.
  Status note_error(const std::string& text, WallTime now);

  [[nodiscard]] Result<OutboxSummary> summary();

 private:
  Outbox(OutboxOptions options, std::unique_ptr<sqlite::Database> database);
  Status make_tables();
  Status prepare();

  const OutboxOptions options_;
  std::unique_ptr<sqlite::Database> database_;
  struct Statements;
  struct DeleteStatements {
    void operator()(Statements* statements) const;
  };
  std::unique_ptr<Statements, DeleteStatements> statements_;  // null when read-only
};

}  // namespace bora::gateway
