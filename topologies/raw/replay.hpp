#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

#include "bora/clock.hpp"
#include "bora/record.hpp"
#include "bora/status.hpp"
#include "topologies/raw/archive_set.hpp"

namespace bora::raw {

struct ReplayRequest {
  coldchain::DeviceId device_id{};
  WallTime from{};  ///< Insertion times in [from, to).
  WallTime to{};
  std::string topic;
  double rate = 0;  ///< Records a second, evenly spaced; 0: as fast as the topic takes them.
  std::chrono::milliseconds progress_interval{1000};
  /// How long the topic may take nothing before the replay gives up.
  std::chrono::milliseconds patience{30'000};
};

struct ReplayProgress {
  std::uint64_t sent = 0;
  std::uint64_t delivered = 0;  ///< Durable in the topic.
  bool was_stopped = false;     ///< By is_stopping(), before the last entry.
};

/// The outside of replay(): it waits and stops only through these.
struct ReplayEnvironment {
  const Clock& clock;
  std::function<void(std::chrono::nanoseconds)> wait;
  std::function<bool()> is_stopping;
  std::function<void(const ReplayProgress&)> on_progress;
};

/// Writes the entries of a device into a topic, oldest first: key = device id, value = the message,
/// timestamp = now, and the headers `replay.inserted`, `replay.partition` and `replay.offset`, which
/// say what it was. These are new records: an archive of that topic takes them as new entries.
///
/// When stopped it sends nothing more and waits for what was sent, so `delivered` says exactly how far
/// it came. The archive is only read.
/// Fails: with the first delivery that failed, kUnavailable when the topic took nothing for too long.
[[nodiscard]] Result<ReplayProgress> replay(const ArchiveSet& archive, RecordSink& sink,
                                            const ReplayRequest& request,
                                            const ReplayEnvironment& environment);

}  // namespace bora::raw
