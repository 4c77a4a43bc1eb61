#include <string>
#include <utility>
#include <vector>

#include "host/run.hpp"
#include "topologies/parts/dlq_command.hpp"
#include "topologies/parts/topics_command.hpp"
#include "topologies/thresholds/program.hpp"

int main(int argc, char** argv) {
  using namespace bora;
  const SystemClock clock;
  thresholds::ProgramOptions options;
  host::Program program;
  program.name = "thresholds";
  program.about = "notifies when a device is too hot, too cold, or low on battery";
  options.bind(program.settings);
  program.assemble = [&](host::Assembly& assembly) {
    return thresholds::assemble(options, clock, assembly);
  };
  const auto plans = [&] { return options.topic_plans(); };
  const auto topics = [] {
    return std::vector{std::string{thresholds::kReadingsTopic},
                       std::string{thresholds::kAlertsTopic}};
  };
  program.commands = {parts::topics_command(options.topics, plans, clock),
                      parts::dlq_command(options.topics, topics, clock)};
  return host::run(argc, argv, std::move(program));
}
