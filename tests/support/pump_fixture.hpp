#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bora/testing/manual_clock.hpp"
#include "spouts/record_pump.hpp"
#include "support/memory_broker.hpp"
#include "support/memory_sink.hpp"
#include "support/memory_source.hpp"

namespace bora::test {

/// A RecordPump on topic "in" with dead letters to "in.dlq", driven by hand in place of the engine.
struct PumpFixture {
  explicit PumpFixture(RecordSpoutOptions options = plain_options(), std::uint32_t partitions = 1,
                       SourceFaults faults = {}, SinkFaults sink_faults = {},
                       std::uint64_t seed = 1) {
    broker.create_topic("in", partitions);
    broker.create_topic("in.dlq", 1);
    source = std::make_unique<MemorySource>(
        broker, MemorySourceOptions{.topic = "in", .seed = seed, .faults = faults});
    sink = std::make_unique<MemorySink>(broker,
                                        MemorySinkOptions{.seed = seed, .faults = sink_faults});
    RecordPump::Setup setup;
    setup.source = source.get();
    setup.dead_letters = sink.get();
    setup.clock = &clock;
    setup.stats = &stats;
    setup.options = std::move(options);
    setup.component = "spout";
    setup.wake = [this] { ++wakes; };
    setup.on_error = [this](std::string text) { errors.push_back(std::move(text)); };
    pump = std::make_unique<RecordPump>(std::move(setup));
    pump->open().ignore("a memory source always opens");
  }

  /// Without jitter, so that tests can name the times.
  static RecordSpoutOptions plain_options() {
    RecordSpoutOptions options;
    options.retry = {.attempts = 3,
                     .first_backoff = std::chrono::milliseconds{100},
                     .max_outage_backoff = std::chrono::milliseconds{400},
                     .jitter = 0};
    return options;
  }

  void produce(int records, std::uint32_t partition = 0) {
    for (int i = 0; i < records; ++i) {
      broker.append("in", partition, Record{"k", "v" + std::to_string(produced++), {}, {}});
    }
  }
  std::vector<RecordPump::Ready> take(std::size_t max = 1000) {
    std::vector<RecordPump::Ready> taken;
    outlook = pump->take(max, taken);
    return taken;
  }
  void ack(const RecordPump::Ready& ready) { pump->acked({&ready.id, 1}); }
  void fail(const RecordPump::Ready& ready, FailureKind kind, std::string reason = "broken") {
    pump->failed({ready.id, kind, "bolt", 1, std::move(reason)});
  }
  [[nodiscard]] std::int64_t committed(std::uint32_t partition = 0) const {
    return broker.committed("group", "in", partition);
  }

  testing::ManualClock clock;
  MemoryBroker broker;
  std::unique_ptr<MemorySource> source;
  std::unique_ptr<MemorySink> sink;
  RecordSpoutStats stats;
  std::unique_ptr<RecordPump> pump;  // dies first
  RecordPump::Outlook outlook;
  std::vector<std::string> errors;
  int wakes = 0;
  int produced = 0;
};

}  // namespace bora::test
