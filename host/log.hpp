#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "bora/clock.hpp"

namespace bora::host {

enum class LogLevel : std::uint8_t { kDebug, kInfo, kWarn, kError };
enum class LogFormat : std::uint8_t {
  kLogfmt,  ///< key=value: for people.
  kJson,    ///< One object per line: for machines.
};

[[nodiscard]] std::string_view to_string(LogLevel level) noexcept;

/// One field of a log line. Durations are written in milliseconds, under a key that ends in _ms.
struct LogField {
  using Value = std::variant<std::string_view, std::int64_t, std::uint64_t, double, bool>;

  LogField(std::string_view k, std::string_view v) : key(k), value(v) {}
  LogField(std::string_view k, const std::string& v) : key(k), value(std::string_view{v}) {}
  LogField(std::string_view k, const char* v) : key(k), value(std::string_view{v}) {}
  LogField(std::string_view k, bool v) : key(k), value(v) {}
  LogField(std::string_view k, double v) : key(k), value(v) {}
  LogField(std::string_view k, std::signed_integral auto v) : key(k), value(std::int64_t{v}) {}
  LogField(std::string_view k, std::unsigned_integral auto v) : key(k), value(std::uint64_t{v}) {}

  std::string_view key;
  Value value;
};

struct LogOptions {
  LogLevel level = LogLevel::kInfo;  ///< Less severe lines are dropped.
  LogFormat format = LogFormat::kLogfmt;
  /// Of lines with the same level and message, of the same component, service and topology, this many
  /// are written in each interval; the next one that is written says how many were not.
  std::uint32_t repeats = 10;
  std::chrono::milliseconds interval{10'000};
  const Clock* clock = nullptr;  ///< Not owned, outlives the log; null means the machine's.
  /// Takes each line, with its newline, one at a time; must not wait. Null: standard error, through a
  /// queue and a thread, so that a slow reader of it costs lines (counted), not time.
  std::function<void(std::string_view line)> sink = {};
};

/// Structured events, one line each: `ts` (RFC 3339, UTC), `level`, `msg`, then the fields given.
///
///   log.warn("component failed", {{"component", name}, {"err", text}});
///
/// `msg` is constant text: what varies is a field, so that lines can be counted and found. Payloads
/// and secrets are never fields.
/// Threads: thread-safe; no call waits for output.
/// Lifetime: the destructor writes what is queued.
class Log {
 public:
  explicit Log(LogOptions options);
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  using Fields = std::initializer_list<LogField>;
  void debug(std::string_view msg, Fields fields = {}) { write(LogLevel::kDebug, msg, fields); }
  void info(std::string_view msg, Fields fields = {}) { write(LogLevel::kInfo, msg, fields); }
  void warn(std::string_view msg, Fields fields = {}) { write(LogLevel::kWarn, msg, fields); }
  void error(std::string_view msg, Fields fields = {}) { write(LogLevel::kError, msg, fields); }
  void write(LogLevel level, std::string_view msg, Fields fields);

  /// Less severe lines are dropped from now on.
  void set_level(LogLevel level) noexcept;
  [[nodiscard]] LogLevel level() const noexcept;

  /// The last lines that were written, oldest first, at most `limit` and what memory is set aside for
  /// (1,000 lines, 512 KiB); each an object of JSON, whatever LogOptions::format.
  [[nodiscard]] std::vector<std::string> tail(std::size_t limit) const;
  /// Gives the same to `watcher`, one by one, and from then on every line, until it returns false. It
  /// is called by whoever logs, with the log locked: it must not wait, nor log.
  void follow(std::size_t limit, std::function<bool(std::string_view line)> watcher);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace bora::host
