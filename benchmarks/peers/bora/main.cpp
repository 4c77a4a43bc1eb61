#include <algorithm>
#include <cstdio>
#include <optional>

#include "benchmarks/peers/bora/graphs.hpp"
#include "benchmarks/peers/bora/kafka_topics.hpp"
#include "benchmarks/peers/bora/options.hpp"
#include "benchmarks/peers/bora/oracle.hpp"
#include "benchmarks/peers/bora/result.hpp"

namespace {

using namespace bora::peers;

int print(const Tally& tally) {
  std::printf("{\"count\":%llu,\"checksum\":\"%016llx\"}\n",
              static_cast<unsigned long long>(tally.count),
              static_cast<unsigned long long>(tally.sum));
  return 0;
}

int run(const Options& options) {
  if (options.graph == Graph::kKafka)
    return report(options,
                  options.variant == Variant::kBare ? run_bare_kafka(options) : run_kafka(options));
  const bool is_floor = options.variant == Variant::kRing || options.variant == Variant::kBlocks ||
                        options.variant == Variant::kOneThread;
  return report(options, is_floor ? run_floor(options) : run_engine(options));
}

}  // namespace

int main(int argc, char** argv) {
  int exit_code = 0;
  std::optional<Options> options = parse_options(argc, argv, exit_code);
  if (!options) return exit_code;
  // The schedule is made of whole tuples each 100 us.
  if (options->is_paced())
    options->rate = std::max<std::uint64_t>(1, options->rate / 10'000) * 10'000;
  switch (options->task) {
    case Task::kRun: return run(*options);
    case Task::kOracle:
      return print(expected_outputs(options->graph, options->records, options->keys));
    case Task::kFill: fill(*options); return 0;
    case Task::kReadBack: return print(read_back(*options));
    case Task::kRemove: remove(*options); return 0;
  }
}
