#pragma once

#include <functional>
#include <memory>
#include <span>

#include "bora/status.hpp"

namespace bora::notify {

enum class Told : unsigned char { kNo, kYes };

/// Remembers over restarts, and for all processes that share it, which tuples somebody was told of: what
/// keeps NotifierBolt from telling again what a crashed process told. A tuple is known again by the key
/// of its notification, or by what that is made of.
///
/// Threads: single-owner.
/// Fails: kUnavailable when the store is away: the same call may be made again.
template <class T>
class ToldMarks {
 public:
  virtual ~ToldMarks() = default;
  [[nodiscard]] virtual Result<Told> find(const T& tuple) = 0;
  /// Durable when it returns success; a repetition changes nothing.
  virtual Status mark(std::span<const T> told) = 0;
};

/// Opens the marks of one task, when it opens.
template <class T>
using ToldMarksConnection = std::function<std::unique_ptr<ToldMarks<T>>()>;

}  // namespace bora::notify
