#pragma once

#include <cstdint>
#include <string>

#include "benchmarks/peers/bora/input.hpp"
#include "benchmarks/peers/bora/options.hpp"

/// Topics of the comparison. What the broker refuses ends the program.
namespace bora::peers {

inline constexpr std::uint32_t kPartitions = 4;

[[nodiscard]] std::uint32_t partitions_of(const std::string& brokers, const std::string& topic);

/// Makes --topic-in, if there is none, and puts --records tuples into it, keyed by device; makes
/// --topic-out empty.
void fill(const Options& options);

/// Adds up what is committed in --topic-out; waits for what --records must give, and a little longer for
/// what should not be there.
[[nodiscard]] Tally read_back(const Options& options);

/// Removes --topic-in and --topic-out, whichever are named.
void remove(const Options& options);

}  // namespace bora::peers
