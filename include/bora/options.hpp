#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "bora/clock.hpp"
#include "bora/trace.hpp"

namespace bora {

/// What a component does to the world outside of its topology, as its author declares it. Nothing checks
/// the word; what it protects is the promise of TopologyBuilder::exactly_once().
enum class Effects : std::uint8_t {
  kUnknown,      ///< Not declared: whatever it likes.
  kNone,         ///< It reads and emits, under the tuple that it was given, and does nothing else.
  kTransaction,  ///< It writes records into the transaction of its topology, and does nothing else.
};

/// Options of one component.
struct ComponentOptions {
  /// Instances, each on a thread of its own unless it is `local` to another component.
  std::uint32_t tasks = 1;
  /// Spouts: most messages that one task may have in flight. More hides latency, fewer bound memory
  /// and what is replayed after a crash.
  std::uint32_t max_in_flight = 8192;
  /// Spouts: the name of the field by which the source is partitioned, such as "device_id"; empty
  /// when it is not. `validate` reports fields groupings that it does not imply.
  std::string source_key = {};
  Effects effects = Effects::kUnknown;
};

/// Options of a running topology.
struct EngineOptions {
  /// A message that no component works on for this long is failed, naming the one that holds it.
  std::chrono::milliseconds message_timeout{30'000};
  /// Tuples handed over at once, at most, and no more than fit 64 KiB (at least 16). More: fewer
  /// hand-overs, more memory. An idle producer never waits for a block to fill.
  std::uint32_t block_tuples = 256;
  /// Blocks that may wait between two tasks before the producer stops taking input.
  std::uint32_t blocks_per_lane = 16;
  /// Bytes of messages in flight, over all spouts of the topology; a spout that reaches it waits.
  std::size_t max_in_flight_bytes = std::size_t{256} << 20;
  /// Longest time that a busy producer keeps a part-filled block to itself.
  std::chrono::microseconds linger{250};
  /// Times that a thread with nothing to do looks again before it sleeps, a few tens of nanoseconds
  /// each. Pays only where there are more cores than threads: on fewer it starves the producer.
  std::uint32_t spins_before_sleep = 0;
  /// Binds every thread to one of the cores that the process may use, in the order in which components
  /// were added, so that neighbours share a core. The kernel's own choice lasts for as long as a run and
  /// may cost half of the rate; a bound thread cannot leave a core that others use. For one busy topology
  /// on cores of its own: `taskset`, or systemd's CPUAffinity, say which. What open() starts is not bound.
  bool pin_threads = false;
  /// Names threads (first 15 characters of topology.component) and metrics.
  const Clock* clock = nullptr;  ///< Not owned, outlives the topology; null means the machine's.
  /// Gets one line per event worth a line: failures (once per component and interval), stuck
  /// components. Called on engine threads; must not wait. Null drops them.
  std::function<void(const std::string& component, const std::string& text)> on_event = {};
  /// Gets the spans of traced messages. Not owned, outlives the topology. Null: nothing is traced, which
  /// costs a look at a pointer per run of tuples.
  SpanSink* spans = nullptr;
  /// The share of messages, 0 to 1, with which traces begin here. Those that carry a sampled trace already
  /// are traced with any. At most 64 messages of a spout task are traced at a time.
  double trace_share = 0;
  /// Makes ids of traces and the choice of messages repeat; 0: they do not.
  std::uint64_t trace_seed = 0;
};

}  // namespace bora
