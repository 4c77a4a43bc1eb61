#pragma once

#include "benchmarks/peers/bora/options.hpp"
#include "benchmarks/peers/bora/result.hpp"

namespace bora::peers {

/// Runs a graph on the engine, default options throughout. Ends the program when the topology does not
/// start, or does not finish.
[[nodiscard]] RunResult run_engine(const Options& options);

/// The chain by hand: over rings, over blocks that change owner, in one loop.
[[nodiscard]] RunResult run_floor(const Options& options);

/// From topic to topic on the engine, and by hand around librdkafka.
[[nodiscard]] RunResult run_kafka(const Options& options);
[[nodiscard]] RunResult run_bare_kafka(const Options& options);

}  // namespace bora::peers
