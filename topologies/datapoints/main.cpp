#include <string>
#include <utility>
#include <vector>

#include "host/run.hpp"
#include "topologies/datapoints/program.hpp"
#include "topologies/parts/dlq_command.hpp"
#include "topologies/parts/topics_command.hpp"

int main(int argc, char** argv) {
  using namespace bora;
  const SystemClock clock;
  datapoints::ProgramOptions options;
  host::Program program;
  program.name = "datapoints";
  program.about = "writes temperature and battery of every reading to the time-series store";
  options.bind(program.settings);
  program.assemble = [&](host::Assembly& assembly) {
    return datapoints::assemble(options, clock, assembly);
  };
  const auto plans = [&] { return options.topic_plans(); };
  const auto topics = [&] { return std::vector{options.datapoints.topic}; };
  program.commands = {parts::topics_command(options.topics, plans, clock),
                      parts::dlq_command(options.topics, topics, clock)};
  return host::run(argc, argv, std::move(program));
}
