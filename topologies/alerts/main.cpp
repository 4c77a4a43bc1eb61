#include <string>
#include <utility>
#include <vector>

#include "host/run.hpp"
#include "topologies/alerts/program.hpp"
#include "topologies/parts/dlq_command.hpp"
#include "topologies/parts/topics_command.hpp"

int main(int argc, char** argv) {
  using namespace bora;
  const SystemClock clock;
  alerts::ProgramOptions options;
  host::Program program;
  program.name = "alerts";
  program.about = "notifies when a device falls silent and when it is back";
  options.bind(program.settings);
  program.assemble = [&](host::Assembly& assembly) {
    return alerts::assemble(options, clock, assembly);
  };
  const auto plans = [&] { return options.topic_plans(); };
  const auto topics = [] {
    return std::vector{std::string{alerts::kReadingsTopic}, std::string{alerts::kAlertsTopic}};
  };
  program.commands = {parts::topics_command(options.topics, plans, clock),
                      parts::dlq_command(options.topics, topics, clock)};
  return host::run(argc, argv, std::move(program));
}
