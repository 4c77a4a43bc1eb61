#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "benchmarks/pipeline/open_loop.hpp"
#include "benchmarks/pipeline/workload.hpp"

/// What a benchmark is made of: suites of contestants that do the same work and are run
/// alternately.
namespace bora::bench {

/// How large a run is.
struct Load {
  std::uint64_t tuples = 0;  ///< throughput suites: how many, as fast as they go
  std::uint64_t rate = 0;    ///< latency suites: tuples per second
  double seconds = 0;        ///< latency suites: how long
};

/// Brackets what is measured: a contestant allocates and faults in its memory, calls start(), runs
/// its threads, calls stop() when the last tuple is done (and acked).
///
/// Threads: any; what is between them orders start() before stop(), and stop() before elapsed().
class Stopwatch {
 public:
  struct Reading {
    double wall_seconds = 0;
    double cpu_seconds = 0;         ///< user and kernel, all threads of the process
    std::uint64_t allocations = 0;  ///< calls of operator new, all threads of the process
  };

  void start() noexcept;
  void stop() noexcept;
  [[nodiscard]] const Reading& elapsed() const noexcept { return elapsed_; }

 private:
  Reading at_start_;
  Reading elapsed_;
};

/// What the ids 0..count-1 add up to: a ledger that completed each once has seen this.
[[nodiscard]] constexpr std::uint64_t sum_of_ids(std::uint64_t count) noexcept {
  return count == 0 ? 0 : count * (count - 1) / 2;
}

/// What one run found.
struct Outcome {
  Checksum checksum;
  bool acks_complete = true;  ///< every root completed exactly once; true where nothing is acked
  /// Latency suites only.
  std::vector<std::int64_t> latency_ns = {};
  std::vector<std::int64_t> lateness_ns = {};  ///< of the source, see OpenLoop
};

struct Contestant {
  std::string name;
  std::function<Outcome(const Load&, Stopwatch&)> run;
  /// Names of contestants of the same suite to print a ratio to.
  std::vector<std::string> against = {};
};

enum class Measures { kThroughput, kLatency };

struct Suite {
  std::string name;
  std::string about;
  Measures measures = Measures::kThroughput;
  std::uint64_t deliveries = 1;  ///< how often each tuple reaches a sink
  /// of a throughput run, whatever was asked for: suites that write to a disk take long
  std::uint64_t most_tuples = std::numeric_limits<std::uint64_t>::max();
  std::vector<Contestant> contestants = {};
};

/// The suites in the order in which they run. Floors and engine contestants add themselves.
class Suites {
 public:
  /// The suite of that name, which must exist.
  [[nodiscard]] Suite& at(const std::string& name);
  Suite& add(Suite suite);
  [[nodiscard]] const std::vector<Suite>& all() const noexcept { return suites_; }

 private:
  std::vector<Suite> suites_;
};

/// Names of the suites.
inline constexpr const char* kChain = "chain";                 ///< Reading, four operators
inline constexpr const char* kChainSmall = "chain-32";         ///< SmallReading
inline constexpr const char* kChainPayload = "chain-payload";  ///< PayloadReading
inline constexpr const char* kHop = "hop";                     ///< Reading, source -> sink
inline constexpr const char* kFanOut = "fan-out";              ///< Reading, source -> 4 sinks
inline constexpr const char* kLatency = "latency";             ///< Reading, the chain, open loop

/// The six suites above, without contestants.
[[nodiscard]] Suites standard_suites();

}  // namespace bora::bench
