#include "services/gateway/outbox.hpp"

#include <numeric>
#include <string_view>
#include <utility>

namespace bora::gateway {
namespace {

using sqlite::Database;
using sqlite::DatabaseOptions;
using sqlite::Statement;
using sqlite::Transaction;

constexpr std::int64_t kVersion = 1;

// AUTOINCREMENT: the ids go on when the table was empty, so none ever stands for two messages.
// `waiting` is kept by triggers, so that it is right whoever deletes, and costs no scan to read.
constexpr const char* kTables = R"(
  CREATE TABLE messages(id INTEGER PRIMARY KEY AUTOINCREMENT, timestamp INTEGER NOT NULL,
                        message TEXT NOT NULL, topic TEXT NOT NULL,
                        traceparent TEXT NOT NULL DEFAULT '');
  CREATE TABLE waiting(messages INTEGER NOT NULL, bytes INTEGER NOT NULL);
  INSERT INTO waiting VALUES(0, 0);
  CREATE TRIGGER comes AFTER INSERT ON messages BEGIN
    UPDATE waiting SET messages = messages + 1, bytes = bytes + length(CAST(NEW.message AS BLOB));
  END;
  CREATE TRIGGER goes AFTER DELETE ON messages BEGIN
    UPDATE waiting SET messages = messages - 1, bytes = bytes - length(CAST(OLD.message AS BLOB));
  END;
  CREATE TABLE delivery(delivered INTEGER NOT NULL, last INTEGER NOT NULL, error TEXT NOT NULL,
                        error_time INTEGER NOT NULL);
  INSERT INTO delivery VALUES(0, 0, '', 0);
  PRAGMA user_version = 1;)";

// Files were made without this column once. Programs of that time name their columns, and go on with a
// file that has it: so it is the same version, and the way back is open.
constexpr const char* kHasTraces =
    "SELECT count(*) FROM pragma_table_info('messages') WHERE name = 'traceparent'";
constexpr const char* kAddTraces =
    "ALTER TABLE messages ADD COLUMN traceparent TEXT NOT NULL DEFAULT ''";

std::optional<WallTime> time_of(std::int64_t millis) {
  return millis == 0 ? std::nullopt : std::optional{from_millis(millis)};
}

Result<std::int64_t> one_integer(Database& database, std::string_view sql, std::string_view tried) {
  auto statement = database.prepare(sql, tried);
  if (!statement) return statement.status();
  const auto row = statement->step();
  if (!row) return row.status();
  return *row ? statement->integer(0) : std::int64_t{0};
}

Status check_version(const Database& database, std::int64_t version) {
  if (version == kVersion) return {};
  return {ErrorKind::kInvalid, "could not use " + database.path() + ": it is no outbox of this " +
                                   "program's version; use another file (gateway.outbox)"};
}

Result<std::int64_t> version_of(Database& database) {
  return one_integer(database, "PRAGMA user_version", "read the outbox's version");
}

}  // namespace

struct Outbox::Statements {
  Statement waiting_bytes;
  Statement insert;
  Statement first;
  Statement remove;
  Statement delivered;
  Statement failed;
};
void Outbox::DeleteStatements::operator()(Statements* statements) const { delete statements; }

Outbox::Outbox(OutboxOptions options, std::unique_ptr<Database> database)
    : options_(std::move(options)), database_(std::move(database)) {}

Result<std::unique_ptr<Outbox>> Outbox::open(const OutboxOptions& options) {
  auto database = Database::open({.path = options.path, .durability = options.durability});
  if (!database) return database.status();
  std::unique_ptr<Outbox> outbox{new Outbox{options, *std::move(database)}};
  if (Status made = outbox->make_tables(); !made) return made;
  if (Status prepared = outbox->prepare(); !prepared) return prepared;
  return outbox;
}

Result<std::unique_ptr<Outbox>> Outbox::open_read_only(const std::filesystem::path& path) {
  auto database = Database::open({.path = path, .access = DatabaseOptions::Access::kReadOnly});
  if (!database) return database.status();
  const auto version = version_of(**database);
  if (!version) return version.status();
  if (Status known = check_version(**database, *version); !known) return known;
  return std::unique_ptr<Outbox>{new Outbox{{.path = path}, *std::move(database)}};
}

Status Outbox::make_tables() {
  // Two processes may come here at once with a new file: one makes the tables, the other finds them.
  auto transaction = Transaction::begin(*database_, "make the outbox");
  if (!transaction) return transaction.status();
  const auto version = version_of(*database_);
  if (!version) return version.status();
  if (*version == 0) {
    if (Status made = database_->run(kTables, "make the outbox"); !made) return made;
    return transaction->commit();
  }
  if (Status known = check_version(*database_, *version); !known) return known;
  const auto has_traces = one_integer(*database_, kHasTraces, "read the outbox's columns");
  if (!has_traces) return has_traces.status();
  if (*has_traces > 0) return {};
  if (Status added = database_->run(kAddTraces, "add a column to the outbox"); !added) return added;
  return transaction->commit();
}

Status Outbox::prepare() {
  Status failure;
  const auto make = [&](std::string_view sql, std::string_view tried) {
    auto statement = database_->prepare(sql, tried);
    if (!statement && failure) failure = statement.status();
    return statement ? *std::move(statement) : Statement{*database_, nullptr, {}};
  };
  statements_.reset(new Statements{
      make("SELECT bytes FROM waiting", "read the outbox's size"),
      make("INSERT INTO messages(timestamp, message, topic, traceparent) VALUES(?, ?, ?, ?)",
           "store a message"),
      make("SELECT id, timestamp, message, topic, traceparent FROM messages ORDER BY id LIMIT ?",
           "read messages"),
      make("DELETE FROM messages WHERE id = ?", "remove a delivered message"),
      make("UPDATE delivery SET delivered = delivered + ?, last = ?, error = ''",
           "note a delivery"),
      make("UPDATE delivery SET error = ?, error_time = ?", "note an error")});
  return failure;
}

Status Outbox::append(std::span<const std::string> messages, const std::string& topic,
                      WallTime now) {
  std::vector<OutboxMessage> untraced;
  for (const std::string& message : messages)
    untraced.push_back({message});
  return append(untraced, topic, now);
}

Status Outbox::append(std::span<const OutboxMessage> messages, const std::string& topic,
                      WallTime now) {
  auto transaction = Transaction::begin(*database_, "store messages");
  if (!transaction) return transaction.status();
  Statement& size = statements_->waiting_bytes;
  if (const auto row = size.step(); !row) return row.status();
  const auto waiting = static_cast<std::size_t>(size.integer(0));
  size.reset();
  const std::size_t more = std::accumulate(
      messages.begin(), messages.end(), std::size_t{0},
      [](std::size_t sum, const OutboxMessage& message) { return sum + message.text.size(); });
  if (waiting + more > options_.max_bytes) {
    return {ErrorKind::kUnavailable,
            "the outbox is full: " + std::to_string(waiting) + " of " +
                std::to_string(options_.max_bytes) +
                " bytes wait for the broker; send again later, or raise gateway.max_bytes"};
  }
  for (const OutboxMessage& message : messages) {
    statements_->insert.bind(0, to_millis(now))
        .bind(1, message.text)
        .bind(2, topic)
        .bind(3, message.traceparent);
    if (Status stored = statements_->insert.run(); !stored) return stored;
  }
  return transaction->commit();
}

Result<std::vector<OutboxRow>> Outbox::first(std::size_t max_rows, std::size_t max_bytes) {
  std::vector<OutboxRow> rows;
  std::size_t bytes = 0;
  Statement& read = statements_->first;
  read.bind(0, static_cast<std::int64_t>(max_rows));
  for (;;) {
    const auto row = read.step();
    if (!row) return row.status();
    if (!*row) return rows;
    const std::string_view message = read.text(2);
    bytes += message.size();
    if (bytes > max_bytes && !rows.empty()) break;
    rows.push_back({read.integer(0), from_millis(read.integer(1)), std::string{message},
                    std::string{read.text(3)}, std::string{read.text(4)}});
  }
  read.reset();
  return rows;
}

Status Outbox::remove(std::span<const std::int64_t> ids, WallTime now) {
  auto transaction = Transaction::begin(*database_, "remove delivered messages");
  if (!transaction) return transaction.status();
  for (const std::int64_t id : ids) {
    statements_->remove.bind(0, id);
    if (Status removed = statements_->remove.run(); !removed) return removed;
  }
  statements_->delivered.bind(0, static_cast<std::int64_t>(ids.size())).bind(1, to_millis(now));
  if (Status noted = statements_->delivered.run(); !noted) return noted;
  return transaction->commit();
}

Status Outbox::note_error(const std::string& text, WallTime now) {
  statements_->failed.bind(0, text).bind(1, to_millis(now));
  return statements_->failed.run();
}

Result<OutboxSummary> Outbox::summary() {
  // One statement, so that its numbers are of one moment.
  auto read = database_->prepare(
      "SELECT w.messages, w.bytes, (SELECT timestamp FROM messages ORDER BY id LIMIT 1),"
      " d.delivered, d.last, d.error, d.error_time FROM waiting w, delivery d",
      "read the outbox's state");
  if (!read) return read.status();
  const auto row = read->step();
  if (!row) return row.status();
  if (!*row) return Error{ErrorKind::kCorrupt, database_->path() + " has lost its state"};
  return OutboxSummary{.rows = static_cast<std::uint64_t>(read->integer(0)),
                       .bytes = static_cast<std::uint64_t>(read->integer(1)),
                       .oldest = time_of(read->integer(2)),
                       .delivered = static_cast<std::uint64_t>(read->integer(3)),
                       .last_delivery = time_of(read->integer(4)),
                       .last_error = std::string{read->text(5)},
                       .last_error_time = time_of(read->integer(6))};
}

}  // namespace bora::gateway
