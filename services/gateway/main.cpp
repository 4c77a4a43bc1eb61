#include <utility>

#include "host/run.hpp"
#include "services/gateway/simulate_command.hpp"

int main(int argc, char** argv) {
  bora::host::Program program;
  program.name = "gateway";
  program.about = "simulated gateways: readings become reports";
  program.commands = {bora::gateway::simulate_command()};
  return bora::host::run(argc, argv, std::move(program));
}
