#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "benchmarks/peers/bora/input.hpp"
#include "benchmarks/peers/bora/measure.hpp"
#include "benchmarks/peers/bora/options.hpp"

namespace bora::peers {

/// What one run found.
struct RunResult {
  std::uint64_t sent = 0;
  Tally received;
  Measured measured;
  std::uint64_t replays = 0;
  std::vector<std::int64_t> latency_ns = {};  ///< Open loop only.
  std::vector<std::int64_t> lateness_ns = {};
  std::map<std::string, std::string> settings = {};
};

/// Prints the last line, as the protocol has it; gives the exit code: 3 when what was received is not
/// what the oracle expects.
[[nodiscard]] int report(const Options& options, const RunResult& result);

}  // namespace bora::peers
