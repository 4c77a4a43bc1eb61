#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "bora/clock.hpp"
#include "bora/record.hpp"
#include "bora/status.hpp"

namespace bora::parts {

struct ReplayedLetters {
  std::uint64_t read = 0;
  std::uint64_t replayed = 0;  ///< Durable in their topics, and committed.
  bool was_stopped = false;    ///< By is_stopping(), before the last letter.
};

struct DeadLetterReplayRequest {
  /// The offsets up to which the topic of dead letters is replayed, by partition: where it ended when
  /// the replay began, so that letters that come back are not replayed in a circle.
  std::vector<std::int64_t> ends;
  std::string fallback_topic;  ///< For letters that do not name the topic they came from.
  double rate = 0;             ///< Records a second; 0: as fast as the topic takes them.
  /// How long the topics may give or take nothing before the replay ends (when nothing is left) or
  /// gives up.
  std::chrono::milliseconds patience{10'000};
};

/// The outside of replay_letters(): it waits and stops only through these.
struct DeadLetterReplayWorld {
  RecordSource& letters;  ///< Not open yet; of the replay's own group.
  RecordSink& sink;
  const Clock& clock;
  std::function<void(std::chrono::nanoseconds)> wait;
  std::function<bool()> is_stopping;
  std::function<void(const ReplayedLetters&)> on_progress;
};

/// The group in which a topic of dead letters remembers how far it was replayed, whoever replays it.
[[nodiscard]] std::string replay_group(const std::string& letter_topic);

/// The record that a dead letter becomes again: without the headers of its failure, and with
/// `replayed-from`: "TOPIC/PARTITION/OFFSET" of the letter.
[[nodiscard]] Record revived(const Record& letter, const std::string& letter_topic,
                             const RecordPosition& position);

/// Writes dead letters back into the topics that they came from. Letters are taken in batches; when all
/// of a batch are durable their offsets are committed in the replay's group. So a replay that is killed
/// goes on where it was when it is run again, and writes at most one batch a second time.
/// Fails: with the first delivery that failed; kUnavailable when nothing came for `patience`.
[[nodiscard]] Result<ReplayedLetters> replay_letters(const DeadLetterReplayRequest& request,
                                                     const DeadLetterReplayWorld& world);

}  // namespace bora::parts
