#include <string>
#include <utility>
#include <vector>

#include "host/run.hpp"
#include "topologies/legacy/program.hpp"
#include "topologies/parts/dlq_command.hpp"
#include "topologies/parts/topics_command.hpp"

int main(int argc, char** argv) {
  using namespace bora;
  const SystemClock clock;
  legacy::ProgramOptions options;
  host::Program program;
  program.name = "legacy";
  program.about = "brings readings to the older system, in its format";
  options.bind(program.settings);
  program.assemble = [&](host::Assembly& assembly) {
    return legacy::assemble(options, clock, assembly);
  };
  const auto plans = [&] { return options.topic_plans(); };
  const auto topics = [] { return std::vector{std::string{legacy::kReadingsTopic}}; };
  program.commands = {parts::topics_command(options.topics, plans, clock),
                      parts::dlq_command(options.topics, topics, clock)};
  return host::run(argc, argv, std::move(program));
}
