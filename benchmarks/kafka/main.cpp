#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>

#include "benchmarks/kafka/contestants.hpp"
#include "benchmarks/kafka/topics.hpp"
#include "benchmarks/pipeline/options.hpp"
#include "benchmarks/pipeline/program.hpp"
#include "benchmarks/pipeline/suite.hpp"

int main(int argc, char** argv) {
  using namespace bora::bench;
  int exit_code = 0;
  const std::optional<Options> options = parse_options(
      {.about = "Kafka benchmarks: topologies on a real broker beside programs written by hand.",
       .tuples = 2'000'000,
       .smoke_tuples = 5'000},
      argc, argv, exit_code);
  if (!options) return exit_code;

  const char* brokers = std::getenv("BORA_KAFKA");
  if (brokers == nullptr && !options->list) {
    std::fprintf(stderr,
                 "BORA_KAFKA does not say where a broker is; run this with one:\n"
                 "  scripts/services with kafka -- bora_kafka_bench ...\n");
    return 2;
  }
  const auto topics = std::make_shared<BenchTopics>(brokers == nullptr ? "" : brokers);
  Suites suites;
  add_consume(suites, topics);
  add_count(suites, topics);
  add_publish(suites, topics);
  add_authentication(suites, topics);
  add_kafka_raw(suites, topics);
  const char* redis = std::getenv("BORA_REDIS");
  add_effects(suites, topics, redis == nullptr ? "" : redis);
  return run_program(suites, *options);
}
