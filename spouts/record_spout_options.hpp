#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

#include "bora/retry.hpp"

namespace bora {

/// How a RecordSpout reads, commits, retries and gives up. The defaults suit records of a few hundred
/// bytes at any rate.
struct RecordSpoutOptions {
  RetryPolicy retry = {};
  /// Where dead letters go; empty means the source's topic with ".dlq" behind it.
  std::string dead_letter_topic = {};
  /// Time between commits. Longer: fewer writes; shorter: less done again after a crash. Also how often
  /// a source that nobody reads is polled, to keep its membership alive.
  std::chrono::milliseconds commit_every{1'000};
  /// Most records taken from the source at a time.
  std::size_t poll_records = 256;
  /// Most records kept, because they are in flight, wait for a retry, or are being written to the dead
  /// letters; and their bytes. The source is paused from there until three quarters are left. Should
  /// be above ComponentOptions::max_in_flight, or retries leave no room for new records.
  std::size_t max_held = 16'384;
  std::size_t max_held_bytes = std::size_t{128} << 20;
  /// Most offsets between the first that is not done and the last that was read, over all partitions:
  /// how far the flow may run ahead of a record that waits. What a crash repeats; 16 bytes each.
  std::size_t max_uncommitted = std::size_t{1} << 20;
  /// Most dead letters that wait for their acknowledgement before the source is paused.
  std::size_t max_dead_letters_waiting = 4'096;
  /// Longest wait for dead letters when the spout closes; what is not written by then is left
  /// uncommitted.
  std::chrono::milliseconds close_timeout{5'000};
  /// Exactly once only: a transaction is committed when its first record is this old, or when it has so
  /// many. Larger: the pause of each commit weighs less, results are seen later, an abort repeats more.
  std::chrono::milliseconds batch_time{200};
  std::size_t batch_records = 100'000;
};

}  // namespace bora
