#include "connectors/sqlite/database.hpp"

#include <cerrno>
#include <fcntl.h>
#include <sqlite3.h>
#include <system_error>
#include <unistd.h>

#include "bora/check.hpp"
#include "connectors/sqlite/errors.hpp"

namespace bora::sqlite {
namespace {

using Durability = DatabaseOptions::Durability;
using Access = DatabaseOptions::Access;

/// SQLite would make the file as the umask says; its journal and index take the file's permissions.
Status make_private(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) {
    return {ErrorKind::kNotFound, "could not open " + path +
                                      ": check that its directory exists, and the permissions (" +
                                      std::generic_category().message(errno) + ")"};
  }
  ::close(file);
  return {};
}

}  // namespace

Result<std::unique_ptr<Database>> Database::open(const DatabaseOptions& options) {
  const std::string path = options.path.string();
  const bool is_writer = options.access == Access::kReadWrite;
  if (is_writer)
    if (Status made = make_private(path); !made) return made;
  // NOMUTEX: a connection has one owner.
  const int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
                    (is_writer ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY);
  sqlite3* handle = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &handle, flags, nullptr);
  std::unique_ptr<Database> database{
      new Database{handle, path}};  // to be closed even after failure
  if (Status opened = database->translate(code, "open the database"); !opened) return opened;
  sqlite3_busy_timeout(handle, static_cast<int>(options.busy_timeout.count()));
  if (is_writer) {
    const char* const settings = options.durability == Durability::kFull
                                     ? "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL"
                                     : "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL";
    if (Status set = database->run(settings, "use the write-ahead log"); !set) return set;
  }
  return database;
}

Database::~Database() {
  const int code = sqlite3_close(handle_);
  BORA_CHECK(code == SQLITE_OK, "a database is closed before its statements");
}

Status Database::run(const char* sql, std::string_view tried) {
  return translate(sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr), tried);
}

Result<Statement> Database::prepare(std::string_view sql, std::string_view tried) {
  sqlite3_stmt* handle = nullptr;
  const int code = sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &handle, nullptr);
  if (Status prepared = translate(code, tried); !prepared) return prepared;
  return Statement{*this, handle, std::string{tried}};
}

std::int64_t Database::changes() const { return sqlite3_changes64(handle_); }

Status Database::translate(int code, std::string_view tried) const {
  if (code == SQLITE_OK || code == SQLITE_ROW || code == SQLITE_DONE) return {};
  return sqlite::translate(code, tried, path_, sqlite3_errmsg(handle_));
}

void Statement::Finalize::operator()(sqlite3_stmt* handle) const { sqlite3_finalize(handle); }

Statement& Statement::bind(int parameter, std::int64_t value) {
  const int code = sqlite3_bind_int64(handle_.get(), parameter + 1, value);
  BORA_CHECK(code == SQLITE_OK, "a statement has no such parameter, or was not reset");
  return *this;
}

Statement& Statement::bind(int parameter, std::string_view text) {
  const int code = sqlite3_bind_text64(handle_.get(), parameter + 1, text.data(), text.size(),
                                       SQLITE_STATIC, SQLITE_UTF8);
  BORA_CHECK(code == SQLITE_OK, "a statement has no such parameter, or was not reset");
  return *this;
}

Result<bool> Statement::step() {
  const int code = sqlite3_step(handle_.get());
  if (code == SQLITE_ROW) return true;
  const Status done = database_->translate(code, tried_);
  reset();
  if (!done) return done;
  return false;
}

std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(handle_.get(), column);
}

std::string_view Statement::text(int column) const {
  const auto* const bytes = static_cast<const char*>(sqlite3_column_blob(handle_.get(), column));
  return {bytes, static_cast<std::size_t>(sqlite3_column_bytes(handle_.get(), column))};
}

Status Statement::run() {
  for (;;) {
    const auto row = step();
    if (!row) return row.status();
    if (!*row) return {};
  }
}

void Statement::reset() { sqlite3_reset(handle_.get()); }

Result<Transaction> Transaction::begin(Database& database, std::string tried) {
  // IMMEDIATE: whoever reads first and writes then would be turned away, not wait.
  if (Status begun = database.run("BEGIN IMMEDIATE", tried); !begun) return begun;
  return Transaction{database, std::move(tried)};
}

Transaction::~Transaction() {
  if (database_ != nullptr)
    database_->run("ROLLBACK", tried_).ignore("some errors have taken it back already");
}

Status Transaction::commit() {
  Status done = database_->run("COMMIT", tried_);
  if (done) database_ = nullptr;
  return done;
}

}  // namespace bora::sqlite
