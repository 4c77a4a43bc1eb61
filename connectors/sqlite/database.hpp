#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "bora/status.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace bora::sqlite {

struct DatabaseOptions {
  std::filesystem::path path;

  /// In WAL mode. kFull: a commit has reached the disk when it returns, and survives the loss of power.
  /// kNormal: it survives the end of the process; power that is lost takes back the latest commits of
  /// this connection, in order, and damages nothing.
  enum class Durability : std::uint8_t { kFull, kNormal };
  Durability durability = Durability::kFull;

  enum class Access : std::uint8_t { kReadWrite, kReadOnly };
  Access access = Access::kReadWrite;  ///< kReadWrite makes the file, for its owner alone.

  /// How long a call waits for another connection's commit before it is kUnavailable.
  std::chrono::milliseconds busy_timeout{10'000};
};

class Statement;

/// One connection to a SQLite database in WAL mode: readers and one writer at a time, in any number of
/// processes, do not hold each other up.
///
/// Threads: single-owner; a thread that also wants the database opens a connection of its own.
/// Lifetime: outlives its statements.
class Database {
 public:
  /// Fails: kNotFound (cannot be opened; with kReadOnly, no such file), kCorrupt, kUnavailable.
  [[nodiscard]] static Result<std::unique_ptr<Database>> open(const DatabaseOptions& options);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  /// Runs statements that give no rows. `tried` completes "could not ...".
  Status run(const char* sql, std::string_view tried);
  [[nodiscard]] Result<Statement> prepare(std::string_view sql, std::string_view tried);
  /// Rows that the last statement inserted, changed or deleted, not counting triggers.
  [[nodiscard]] std::int64_t changes() const;
  [[nodiscard]] const std::string& path() const noexcept { return path_; }

  /// What SQLite said last about a call that answered `code`. For this folder.
  [[nodiscard]] Status translate(int code, std::string_view tried) const;

 private:
  Database(sqlite3* handle, std::string path) noexcept : handle_(handle), path_(std::move(path)) {}
  sqlite3* handle_;
  const std::string path_;
};

/// A prepared statement. Parameters and columns count from 0.
///
///   insert.bind(0, now).bind(1, text);
///   if (Status s = insert.run(); !s) return s;
///
/// Threads: as its database.
class Statement {
 public:
  Statement(const Database& database, sqlite3_stmt* handle, std::string tried) noexcept
      : database_(&database), handle_(handle), tried_(std::move(tried)) {}

  Statement& bind(int parameter, std::int64_t value);
  /// The text is read by the next step or run, and must live until the one after, or reset().
  Statement& bind(int parameter, std::string_view text);

  /// To the next row; false when there is none, and the statement may be run anew.
  [[nodiscard]] Result<bool> step();
  /// Of the row that step() came to.
  [[nodiscard]] std::int64_t integer(int column) const;
  /// Borrowed until the next step.
  [[nodiscard]] std::string_view text(int column) const;

  /// To the end, passing over rows.
  Status run();
  void reset();

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* handle) const;
  };
  const Database* database_;
  std::unique_ptr<sqlite3_stmt, Finalize> handle_;
  std::string tried_;
};

/// A write transaction: taken back unless it is committed. Threads: as its database.
class Transaction {
 public:
  /// Waits for other writers, at most the busy timeout.
  [[nodiscard]] static Result<Transaction> begin(Database& database, std::string tried);
  ~Transaction();
  Transaction(Transaction&& other) noexcept
      : database_(std::exchange(other.database_, nullptr)), tried_(std::move(other.tried_)) {}
  Transaction& operator=(Transaction&&) = delete;

  /// On failure nothing of it has happened.
  Status commit();

 private:
  Transaction(Database& database, std::string tried) noexcept
      : database_(&database), tried_(std::move(tried)) {}
  Database* database_;  ///< Null once over.
  std::string tried_;
};

}  // namespace bora::sqlite
