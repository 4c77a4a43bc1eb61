#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace bora::peers {

enum class Task : std::uint8_t { kRun, kOracle, kFill, kReadBack, kRemove };
enum class Graph : std::uint8_t { kChain, kWordcount, kFan, kSpike, kWindow, kKafka };
enum class Guarantee : std::uint8_t { kNone, kAtLeastOnce, kExactlyOnce };
/// Bora as it is by default, with threads bound to cores, all hops local, bolts that change their tuple; and
/// the floors by hand.
enum class Variant : std::uint8_t {
  kDefault,
  kPinned,
  kLocal,
  kInPlace,
  kRing,
  kBlocks,
  kOneThread,
  kBare
};

/// The command line of the protocol, see the README above this folder.
struct Options {
  Task task = Task::kRun;
  Graph graph = Graph::kChain;
  Guarantee guarantee = Guarantee::kNone;
  Variant variant = Variant::kDefault;
  std::uint64_t rate = 0;  ///< Tuples a second; 0: closed loop.
  double warmup = 1;       ///< Seconds, of the first that are sent.
  double seconds = 3;      ///< After these.
  std::uint64_t keys = 1024;
  std::uint32_t tasks = 1;
  std::string brokers = {};
  std::string topic_in = {};
  std::string topic_out = {};
  std::uint64_t records = 0;  ///< Of the topic; tuples of the oracle.

  [[nodiscard]] bool is_acked() const noexcept { return guarantee != Guarantee::kNone; }
  [[nodiscard]] bool is_paced() const noexcept { return rate > 0; }
  [[nodiscard]] double all_seconds() const noexcept { return warmup + seconds; }
};

[[nodiscard]] const char* name_of(Graph graph) noexcept;
[[nodiscard]] const char* name_of(Guarantee guarantee) noexcept;
[[nodiscard]] const char* name_of(Variant variant) noexcept;

/// Empty when the program is to end at once with `exit_code`: help was asked for (0), or an option, or
/// the combination of them, is not supported (2), which has been said on the terminal.
[[nodiscard]] std::optional<Options> parse_options(int argc, char** argv, int& exit_code);

}  // namespace bora::peers
