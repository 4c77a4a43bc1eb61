#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <utility>

#include "bora/clock.hpp"
#include "bora/status.hpp"
#include "host/process.hpp"
#include "services/coldchain/demo_audit.hpp"
#include "services/coldchain/demo_feeder.hpp"
#include "services/coldchain/demo_screen.hpp"
#include "services/coldchain/program.hpp"

namespace bora::demo {

/// Follows a demonstration: shows progress, waits until every record is archived or refused, then
/// compares. It asks the stores themselves, not counters of what was attempted.
/// Threads: single-owner. Lifetime: what it is given outlives it.
class Watch {
 public:
  /// Nothing changed for so long, and records are still on their way: the comparison is made then.
  static constexpr std::chrono::seconds kPatience{15};

  Watch(Feeder& feeder, const allinone::Parts& parts, const Clock& clock, Screen& screen);

  /// One look. True when there is a result or a failure.
  [[nodiscard]] bool step(const host::Process& process);

  /// Absent: not finished, or not to be had; see failure().
  [[nodiscard]] const std::optional<AuditResult>& result() const noexcept { return result_; }
  [[nodiscard]] const Status& failure() const noexcept { return failure_; }
  [[nodiscard]] std::uint64_t dead_letters() const noexcept { return figures_.dead_letters; }
  [[nodiscard]] std::chrono::nanoseconds took() const noexcept { return last_change_ - began_; }

 private:
  struct Figures {
    std::uint64_t archived = 0;
    std::uint64_t dead_letters = 0;
    std::uint64_t refused = 0;  ///< By the ingest.
    std::uint64_t lag = 0;      ///< Records in the topic that are not committed as done.
    [[nodiscard]] std::uint64_t done() const noexcept { return archived + dead_letters + refused; }
    bool operator==(const Figures&) const = default;
  };

  void look();
  [[nodiscard]] std::string progress_line(const host::Process& process);
  [[nodiscard]] double rate(Instant now);
  void compare();
  Status add_archive(Audit& audit) const;
  Status add_dead_letters(Audit& audit) const;

  Feeder& feeder_;
  const allinone::Parts parts_;
  const Clock& clock_;
  Screen& screen_;
  const Instant began_;
  Instant last_change_;
  Figures figures_;
  std::deque<std::pair<Instant, std::uint64_t>> history_;  // (when, done), of the last seconds
  std::optional<AuditResult> result_;
  Status failure_;
};

}  // namespace bora::demo
