#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "bora/clock.hpp"

namespace bora::notify {

struct CircuitOptions {
  /// Failures in a row that open the circuit. Fewer spare a server that is down; more ride out single
  /// failures.
  std::uint32_t failures = 3;
  /// How long it then stays open. Doubles with each trial that fails.
  std::chrono::milliseconds first_pause{1'000};
  std::chrono::milliseconds max_pause{30'000};
  /// The longest pause that the other side may ask for.
  std::chrono::milliseconds max_asked_pause{600'000};
};

/// Whether it is worth calling something that may be down.
///
///   closed: every call goes out; `failures` in a row open it
///   open:   none does, until the pause is over; then one goes out, on trial
///   trial:  its success closes the circuit, its failure opens it for twice as long
///
///   if (const auto call = breaker.admit(now)) { ...; breaker.succeeded(*call) or failed(*call, ...); }
///
/// Threads: single-owner.
class CircuitBreaker {
 public:
  explicit CircuitBreaker(CircuitOptions options) : options_(options) {}

  /// Which of its states a call went out in: what failed before the circuit opened must not open it
  /// again, nor double its pause.
  using Call = std::uint64_t;

  /// Nothing: do not call now. Each call that was admitted must be followed by one of the two below.
  [[nodiscard]] std::optional<Call> admit(Instant now);
  void succeeded(Call call);
  /// `asked`: how long the other side asked to be left alone. It opens the circuit at once, and keeps an
  /// open one open for at least so long.
  void failed(Call call, Instant now, std::optional<std::chrono::milliseconds> asked = {});

  [[nodiscard]] bool is_open() const noexcept { return is_open_; }
  /// From when on a trial is admitted. Requires: is_open().
  [[nodiscard]] Instant opens_until() const noexcept { return until_; }

 private:
  void open(Instant now, std::chrono::milliseconds pause);

  CircuitOptions options_;
  bool is_open_ = false;
  bool on_trial_ = false;
  Call generation_ = 0;  // grows when the circuit opens, closes, or begins a trial
  std::uint32_t failures_in_row_ = 0;
  std::chrono::milliseconds pause_{0};  // the last one; 0 when closed
  Instant until_{};
};

}  // namespace bora::notify
