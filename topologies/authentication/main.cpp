#include <string>
#include <vector>

#include "host/run.hpp"
#include "topologies/authentication/program.hpp"
#include "topologies/parts/dlq_command.hpp"
#include "topologies/parts/topics_command.hpp"

int main(int argc, char** argv) {
  using namespace bora;
  const SystemClock clock;
  authentication::ProgramOptions options;
  host::Program program;
  program.name = "authentication";
  program.about = "turns reports that the registry vouches for into readings";
  options.bind(program.settings);
  program.assemble = [&](host::Assembly& assembly) {
    return authentication::assemble(options, clock, assembly);
  };
  const auto plans = [] { return authentication::ProgramOptions::topic_plans(); };
  const auto topics = [] { return std::vector<std::string>{"reports"}; };
  program.commands = {parts::topics_command(options.topics, plans, clock),
                      parts::dlq_command(options.topics, topics, clock)};
  return host::run(argc, argv, std::move(program));
}
