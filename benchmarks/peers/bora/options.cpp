#include "benchmarks/peers/bora/options.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <string>
#include <utility>

#include <CLI/CLI.hpp>

namespace bora::peers {

namespace {

template <class E>
using Names = std::map<std::string, E>;

const Names<Task> kTasks{{"run", Task::kRun},
                         {"oracle", Task::kOracle},
                         {"fill", Task::kFill},
                         {"read-back", Task::kReadBack},
                         {"remove", Task::kRemove}};
const Names<Graph> kGraphs{{"chain", Graph::kChain},   {"wordcount", Graph::kWordcount},
                           {"fan", Graph::kFan},       {"spike", Graph::kSpike},
                           {"window", Graph::kWindow}, {"kafka", Graph::kKafka}};
const Names<Guarantee> kGuarantees{{"none", Guarantee::kNone},
                                   {"at-least-once", Guarantee::kAtLeastOnce},
                                   {"exactly-once", Guarantee::kExactlyOnce}};
const Names<Variant> kVariants{
    {"default", Variant::kDefault},      {"pinned", Variant::kPinned}, {"local", Variant::kLocal},
    {"in-place", Variant::kInPlace},     {"ring", Variant::kRing},     {"blocks", Variant::kBlocks},
    {"one-thread", Variant::kOneThread}, {"bare", Variant::kBare}};

template <class E>
const char* name_in(const Names<E>& names, E value) noexcept {
  const auto found = std::find_if(names.begin(), names.end(),
                                  [value](const auto& entry) { return entry.second == value; });
  return found == names.end() ? "?" : found->first.c_str();
}

bool has_variant(Graph graph, Variant variant) {
  switch (variant) {
    case Variant::kDefault: return true;
    case Variant::kLocal: return graph != Graph::kFan;  // four tasks are local to no single one
    case Variant::kPinned: return graph != Graph::kKafka;
    case Variant::kBare: return graph == Graph::kKafka;
    default: return graph == Graph::kChain;
  }
}

/// Why these do not go together; null when they do.
const char* misfit(const Options& options) {
  if (options.task != Task::kRun) return nullptr;
  if (!has_variant(options.graph, options.variant)) return "this graph has no such variant";
  const bool is_kafka = options.graph == Graph::kKafka;
  if (is_kafka && options.guarantee == Guarantee::kNone)
    return "records of a topic are never read without a guarantee";
  if (!is_kafka && options.guarantee == Guarantee::kExactlyOnce)
    return "exactly-once is a guarantee of the graph kafka alone";
  if (options.variant == Variant::kBare && options.guarantee == Guarantee::kExactlyOnce)
    return "the program by hand has no transactions";
  if (is_kafka && (options.brokers.empty() || options.topic_in.empty() ||
                   options.topic_out.empty() || options.records == 0))
    return "the graph kafka needs --bootstrap, --topic-in, --topic-out and --records";
  if (is_kafka && options.is_paced()) return "the graph kafka runs in a closed loop only";
  if (options.variant == Variant::kOneThread && options.is_paced())
    return "one loop has no source that could be late";
  if (options.tasks > 1 && options.graph != Graph::kChain && options.graph != Graph::kSpike &&
      options.graph != Graph::kWordcount)
    return "the inner operators of this graph are as many as the graph says";
  if (options.tasks > 1 && options.variant != Variant::kDefault &&
      options.variant != Variant::kPinned)
    return "this variant has one task of each operator";
  return nullptr;
}

}  // namespace

const char* name_of(Graph graph) noexcept { return name_in(kGraphs, graph); }
const char* name_of(Guarantee guarantee) noexcept { return name_in(kGuarantees, guarantee); }
const char* name_of(Variant variant) noexcept { return name_in(kVariants, variant); }

std::optional<Options> parse_options(int argc, char** argv, int& exit_code) {
  Options options;
  CLI::App app{"Bora, and floors by hand, as contestants of the peer benchmarks."};
  const auto choice = [&app](const char* name, auto& value, const auto& names, const char* about) {
    app.add_option(name, value, about)->transform(CLI::CheckedTransformer(names));
  };
  choice("--do", options.task, kTasks,
         "run a graph; tell what --records tuples give; fill, read back or remove a topic");
  choice("--graph", options.graph, kGraphs, "What is done");
  choice("--guarantee", options.guarantee, kGuarantees, "How tuples are tracked");
  choice("--variant", options.variant, kVariants, "How it is put together; floors by hand");
  app.add_option("--rate", options.rate, "Tuples a second; 0: as many as it takes")
      ->check(CLI::Range(std::uint64_t{0}, std::uint64_t{100'000'000}));
  app.add_option("--warmup", options.warmup, "Seconds")->check(CLI::Range(0.0, 3600.0));
  app.add_option("--seconds", options.seconds, "Seconds")->check(CLI::Range(0.1, 3600.0));
  app.add_option("--keys", options.keys, "Devices")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{10'000'000}));
  app.add_option("--tasks", options.tasks, "Tasks of the inner operators")
      ->check(CLI::Range(1, 64));
  app.add_option("--bootstrap", options.brokers, "The broker")->type_name("HOST:PORT");
  app.add_option("--topic-in", options.topic_in, "Also the one to fill")->type_name("TOPIC");
  app.add_option("--topic-out", options.topic_out, "Also the one to read back")->type_name("TOPIC");
  app.add_option("--records", options.records, "Records of the topic; tuples of the oracle");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    exit_code = app.exit(error) == 0 ? 0 : 2;
    return std::nullopt;
  }
  if (const char* const why = misfit(options)) {
    std::fprintf(stderr, "not supported: %s\n", why);
    exit_code = 2;
    return std::nullopt;
  }
  return options;
}

}  // namespace bora::peers
