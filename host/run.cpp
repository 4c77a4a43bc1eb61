#include "host/run.hpp"

#include <iostream>
#include <unistd.h>
#include <utility>

#include "host/command_line.hpp"

namespace bora::host {

namespace {

std::vector<std::pair<std::string, std::string>> environment_of_process() {
  std::vector<std::pair<std::string, std::string>> variables;
  for (char** at = ::environ; at != nullptr && *at != nullptr; ++at) {
    const std::string variable{*at};
    const std::size_t equals = variable.find('=');
    if (equals == std::string::npos) continue;
    variables.emplace_back(variable.substr(0, equals), variable.substr(equals + 1));
  }
  return variables;
}

}  // namespace

std::function<Status(Assembly&)> one_topology(std::function<Result<Topology>()> make) {
  return [make = std::move(make)](Assembly& assembly) -> Status {
    Result<Topology> topology = make();
    if (!topology) return topology.status();
    assembly.add(std::move(topology).value());
    return {};
  };
}

int run(int argc, const char* const* argv, Program program) {
  const std::vector<std::string> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
  const int code = run_command_line(arguments, std::move(program),
                                    {std::cout, std::cerr, environment_of_process()});
  std::cout.flush();
  return code;
}

int run(int argc, const char* const* argv, const std::string& name,
        std::function<Result<Topology>()> make_topology) {
  Program program;
  program.name = name;
  program.about = "the topology " + name;
  program.assemble = one_topology(std::move(make_topology));
  return run(argc, argv, std::move(program));
}

}  // namespace bora::host
