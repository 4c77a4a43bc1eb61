#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace bora::bench {

struct Options {
  int rounds = 5;                      ///< measured rounds, after one warm-up round
  std::uint64_t tuples = 5'000'000;    ///< per throughput run
  std::uint64_t rate = 200'000;        ///< tuples per second of a latency run
  double seconds = 2;                  ///< length of a latency run
  double quiet_seconds = 5;            ///< waits at most this long for a quiet machine; 0 does not
  std::vector<std::string> only = {};  ///< parts of "suite/contestant"; empty means all
  std::string json_path = {};          ///< empty writes none
  bool list = false;
};

/// What differs between the programs that share this command line.
struct Defaults {
  const char* about;
  std::uint64_t tuples;        ///< Of a throughput run.
  std::uint64_t smoke_tuples;  ///< The same with --smoke.
};

/// Parses the command line. Empty when the program is to end at once, with `exit_code` set: help was
/// asked for (0) or an option is wrong (2), which has been said on the terminal.
[[nodiscard]] std::optional<Options> parse_options(const Defaults& defaults, int argc, char** argv,
                                                   int& exit_code);

}  // namespace bora::bench
