#include "connectors/sqlite/errors.hpp"

#include <sqlite3.h>
#include <string>

namespace bora::sqlite {
namespace {

struct Meaning {
  ErrorKind kind;
  std::string_view advice;
};

Meaning meaning_of(int code) {
  switch (code & 0xff) {  // the low byte of an extended code is the plain one
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return {ErrorKind::kUnavailable, "another process writes to it: try again"};
    case SQLITE_FULL: return {ErrorKind::kUnavailable, "the disk is full: free some space"};
    case SQLITE_IOERR: return {ErrorKind::kUnavailable, "check the disk"};
    case SQLITE_NOMEM: return {ErrorKind::kUnavailable, "there is not enough memory"};
    case SQLITE_READONLY:
    case SQLITE_PERM: return {ErrorKind::kInvalid, "check the permissions of file and directory"};
    case SQLITE_CANTOPEN:
      return {ErrorKind::kNotFound, "check that its directory exists, and the permissions"};
    case SQLITE_CORRUPT:
      return {ErrorKind::kCorrupt,
              "stored data is damaged: move the file away, and save what it holds with sqlite3's "
              ".recover"};
    case SQLITE_NOTADB: return {ErrorKind::kCorrupt, "it is no SQLite database: use another file"};
    case SQLITE_ERROR:
      return {ErrorKind::kInvalid, "the database is not as expected: check which program made it"};
    default: return {ErrorKind::kInternal, "not expected: report this text"};
  }
}

}  // namespace

Status translate(int code, std::string_view tried, std::string_view path, std::string_view said) {
  if (code == SQLITE_OK || code == SQLITE_ROW || code == SQLITE_DONE) return {};
  const Meaning meaning = meaning_of(code);
  std::string message = "could not ";
  message.append(tried).append(" in ").append(path).append(": ");
  message.append(meaning.advice).append(" (").append(said).append(")");
  return {meaning.kind, std::move(message)};
}

}  // namespace bora::sqlite
