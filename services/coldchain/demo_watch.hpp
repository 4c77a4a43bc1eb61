#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "bora/clock.hpp"
#include "bora/status.hpp"
#include "services/coldchain/demo_audit.hpp"
#include "services/coldchain/demo_feeder.hpp"
#include "services/coldchain/demo_findings.hpp"
#include "services/coldchain/demo_screen.hpp"
#include "services/coldchain/program.hpp"

namespace bora::demo {

/// Follows a demonstration: shows progress, and alerts and rejections as they happen; waits until every
/// topology is done with everything, then compares. It asks the stores themselves, not counters of what
/// was attempted.
/// Threads: single-owner. Lifetime: what it is given outlives it.
class Watch {
 public:
  /// Nothing changed for so long, and records are still on their way: the comparison is made then.
  static constexpr std::chrono::seconds kPatience{30};

  /// `notifications` is the file that notifications are written to.
  Watch(Feeder& feeder, const allinone::Parts& parts, std::filesystem::path notifications,
        const Clock& clock, Screen& screen);

  /// One look. True when there is a result or a failure.
  [[nodiscard]] bool step();

  /// Absent: not finished, or not to be had; see failure().
  [[nodiscard]] const std::optional<AuditResult>& result() const noexcept { return result_; }
  [[nodiscard]] const Status& failure() const noexcept { return failure_; }
  [[nodiscard]] std::chrono::nanoseconds took() const noexcept { return last_change_ - began_; }

 private:
  struct Figures {
    std::uint64_t sent = 0;
    std::uint64_t archived = 0;
    std::uint64_t appended = 0;  ///< Records in all topics.
    std::uint64_t lag = 0;       ///< Records that some topology has not committed as done.
    bool operator==(const Figures&) const = default;
  };

  void look();
  void show_stage();
  void show_events();
  void show_alert(const Record& record);
  void show_rejection(const Record& record);
  void show_dead_letter(const Record& record);
  void show_once(const std::string& event);
  [[nodiscard]] std::string progress_line();
  [[nodiscard]] double rate(Instant now);
  void compare();

  Feeder& feeder_;
  const allinone::Parts parts_;
  const std::filesystem::path notifications_;
  const Clock& clock_;
  Screen& screen_;
  const Instant began_;
  Instant last_change_;
  Figures figures_;
  std::uint32_t quiet_looks_ = 0;
  std::deque<std::pair<Instant, std::uint64_t>> history_;  // (when, archived), of the last seconds
  std::optional<Feeder::Stage> shown_stage_;
  TopicTail alerts_{"alerts"};
  TopicTail rejections_{"reports.rejected"};
  TopicTail dead_letters_{"reports.dlq"};
  std::uint64_t alerts_seen_ = 0;
  std::uint64_t rejections_seen_ = 0;
  std::uint64_t dead_letters_seen_ = 0;
  std::set<std::string> shown_events_;
  std::optional<AuditResult> result_;
  Status failure_;
};

}  // namespace bora::demo
