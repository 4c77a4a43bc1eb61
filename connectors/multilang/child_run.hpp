#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "bora/clock.hpp"
#include "connectors/multilang/child.hpp"
#include "connectors/multilang/child_box.hpp"
#include "connectors/multilang/framing.hpp"
#include "connectors/multilang/process.hpp"
#include "connectors/multilang/stderr_lines.hpp"

namespace bora::multilang::internal {

/// What one run of a child is made of, for all runs the same.
struct ChildSetup {
  Role role;
  const ChildOptions& options;
  const Handshake& handshake;
  const std::string& pid_directory;
  const Clock& clock;
  ChildBox& box;
};

/// One run of a child, from the start of its process to its end.
/// Threads: single-owner; the thread that lives as long as the process.
class ChildRun {
 public:
  ChildRun(const ChildSetup& setup, std::uint64_t run);

  /// Starts the process, then serves it until it dies, has to be killed, or the box is stopped. Returns
  /// why it ended.
  [[nodiscard]] std::string live();
  [[nodiscard]] bool was_ready() const noexcept { return phase_ == Phase::kUp; }

 private:
  enum class Phase : std::uint8_t {
    kStarting,      // it owes its pid
    kInitialising,  // it owes its first sync
    kUp,
  };

  void serve();
  void refill();
  void beat();
  void watch();
  void wait_for_work();
  void write_input();
  void read_output();
  void read_errors();
  void take(std::string_view message);
  void take_hello(const ChildMessage& message);
  void take_ready();
  void end_in_order();
  void end_after_fault();
  /// Waits for its end, at most `timeout`, reading what it still says. True when it ended.
  bool wait_end(std::chrono::milliseconds timeout);
  void fail(std::string why);
  void log(LogLevel level, std::string_view text) const;
  void note_life() { heard_at_ = setup_.clock.now(); }

  const ChildSetup& setup_;
  const std::uint64_t run_;
  Phase phase_ = Phase::kStarting;
  std::optional<Process> process_;
  FrameReader frames_;
  StderrLines stderr_;
  std::optional<std::string> fault_;  // why it is to be killed
  std::string out_;                   // whole messages being written
  std::size_t written_ = 0;           // of out_
  bool is_reading_ = true;            // false: what it says waits in its pipe
  bool is_owner_slow_ = false;        // why it is not read
  bool is_idle_ = false;              // nothing came lately
  bool is_ending_ = false;            // what it says counts no more
  std::int64_t pid_ = 0;              // as it says
  std::string last_error_;            // that it reported
  // Heartbeats of bolts, commands of spouts.
  bool owes_answer_ = true;  // the one to the handshake
  Instant asked_at_{};
  Instant heard_at_{};
  Instant beat_at_{};
  std::size_t awaited_ = 0;  // answers that its owner owes it: until then it may well be silent
  std::uint64_t beats_ = 0;
};

}  // namespace bora::multilang::internal
