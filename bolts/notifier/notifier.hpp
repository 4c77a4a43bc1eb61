#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "bora/clock.hpp"
#include "bora/gauge.hpp"
#include "bora/status.hpp"

namespace bora::notify {

/// Something that somebody should be told, once.
struct Notification {
  /// The idempotency key: the same for the same notification in every process and at every replay, so
  /// that whoever gets it twice can tell. Not empty.
  std::string key;
  std::string phone = {};  ///< Whose; empty: not known, or nobody's in particular.
  std::string text = {};   ///< A sentence for a person.
  std::string body = {};   ///< One JSON object for a program.
  /// W3C Trace Context, of a message that is traced; else empty. NotifierBolt sets it.
  std::string traceparent = {};
};

/// How notifications leave the process: a log file (FileNotifier), a web hook or an SMS service
/// (WebhookNotifier), or a test. NotifierBolt is its user.
///
/// Threads: one thread calls everything; `wake` of on_outcome() may be called from any, gauges() on any.
class Notifier {
 public:
  virtual ~Notifier() = default;

  /// Opaque value that the caller gets back with the outcome.
  using Tag = std::uint64_t;
  struct Outcome {
    Tag tag = 0;
    /// ok: told. kUnavailable: not, or nobody knows; sending it again, with the same key, may help.
    /// Anything else: refused, and would be again.
    Status status;
  };

  /// False: send() takes nothing before outcomes are taken with poll(); see flush().
  [[nodiscard]] virtual bool has_room() const = 0;
  /// Takes a notification, whose outcome comes from poll(). Requires: has_room().
  /// Fails, and takes nothing: kUnavailable when the other side is down, or asked to be left alone for
  /// a while; kInvalid when this notification cannot be sent at all.
  virtual Status send(Notification notification, Tag tag) = 0;
  /// Appends the outcomes that are known by now to `out`, without waiting. Returns how many.
  virtual std::size_t poll(std::vector<Outcome>& out) = 0;
  /// Has everything that was taken be under way; then waits until poll() has an outcome or nothing is
  /// under way, at most `timeout`.
  virtual void flush(std::chrono::milliseconds timeout) = 0;
  /// `wake` is called when poll() would return something; it only signals.
  virtual void on_outcome(std::function<void()> wake) = 0;

  /// Numbers of its own for operators.
  [[nodiscard]] virtual std::vector<Gauge> gauges() const { return {}; }
};

/// Makes the notifier of one task, when it opens. `clock` outlives the notifier.
using NotifierConnection =
    std::function<std::unique_ptr<Notifier>(const Clock& clock, std::uint32_t task)>;

}  // namespace bora::notify
