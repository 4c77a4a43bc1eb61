#include "connectors/rocksdb/errors.hpp"

#include <string>

#include <rocksdb/status.h>

namespace bora::store {
namespace {

struct Meaning {
  ErrorKind kind;
  std::string_view advice;
};

constexpr std::string_view kInUse =
    "it is open already, here or in another process: stop that one, or use another directory";
static_assert(kInUse.starts_with(kOpenAlready));

// RocksDB has no code for "the lock file is held"; it is an I/O error that names the lock.
bool is_locked(const rocksdb::Status& status, std::string_view text) {
  return status.IsIOError() &&
         (text.find("lock file") != std::string_view::npos ||
          text.find("lock hold by current process") != std::string_view::npos);
}

Meaning meaning_of(const rocksdb::Status& status, std::string_view text) {
  if (is_locked(status, text)) return {ErrorKind::kUnavailable, kInUse};
  // Also when it comes wrapped: a writer behind the one that failed is told "Incomplete".
  if (status.IsNoSpace() || status.subcode() == rocksdb::Status::kSpaceLimit ||
      text.find("No space left on device") != std::string_view::npos)
    return {ErrorKind::kUnavailable, "the disk is full: free some space or shorten the retention"};
  if (status.IsBusy() || status.IsTimedOut() || status.IsTryAgain() || status.IsIncomplete())
    return {ErrorKind::kUnavailable, "the database is busy: try again"};
  if (status.IsShutdownInProgress() || status.IsAborted())
    return {ErrorKind::kClosed, "the database is closing"};
  if (status.IsCorruption())
    return {ErrorKind::kCorrupt,
            "stored data is damaged: restore the directory from a backup, or remove it and replay"};
  if (status.IsNotFound()) return {ErrorKind::kNotFound, "check the path"};
  if (status.IsInvalidArgument() || status.IsNotSupported())
    return {ErrorKind::kInvalid, "check the options against what the directory was made with"};
  if (status.IsIOError())
    return {ErrorKind::kUnavailable, "check the disk, the directory and its permissions"};
  return {ErrorKind::kInternal, "not expected: report this text"};
}

}  // namespace

Status translate(const rocksdb::Status& status, std::string_view tried,
                 const std::filesystem::path& path) {
  if (status.ok()) return {};
  const std::string text = status.ToString();
  const Meaning meaning = meaning_of(status, text);
  std::string message = "could not ";
  message.append(tried).append(" in ").append(path.string()).append(": ");
  message.append(meaning.advice).append(" (").append(text).append(")");
  return {meaning.kind, std::move(message)};
}

}  // namespace bora::store
