#pragma once

#include <span>

#include "bora/record.hpp"
#include "bora/status.hpp"

namespace bora {

/// What is read from one source and what is written meanwhile by sinks that belong to it, made to count
/// together or not at all.
///
///   begin -> records read, results appended and delivered -> commit
///                                                         -> abort, rewind -> begin ...
///
/// A sink of a transaction takes records between begin() and commit() or abort() only; at other times
/// append() answers kUnavailable.
///
/// Threads: the source's, one at a time; sinks work on threads of their own meanwhile.
/// Waits: every call a bounded time. An error of kind kUnavailable: call the same again, nothing else.
class RecordTransaction {
 public:
  RecordTransaction() = default;
  virtual ~RecordTransaction() = default;
  RecordTransaction(const RecordTransaction&) = delete;
  RecordTransaction& operator=(const RecordTransaction&) = delete;

  virtual Status begin() = 0;

  /// Makes what was written since begin() visible and `done` the position of the group, as one.
  /// Requires: everything appended was delivered, and nobody appends. kUnavailable: not known yet
  /// whether it happened. Any other error: the broker did not agree; abort().
  virtual Status commit(std::span<const CommitRequest> done) = 0;

  /// Nobody who reads committed records will see what was written since begin(). What is still queued
  /// fails at once. Allowed after any error, also of begin().
  virtual Status abort() = 0;

  /// The source returns again what follows the group's position. After abort(), once nobody works on
  /// what was read before.
  virtual Status rewind() = 0;
};

}  // namespace bora
