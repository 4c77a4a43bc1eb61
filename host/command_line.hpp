#pragma once

#include <iosfwd>
#include <string>
#include <utility>
#include <vector>

#include "host/run.hpp"

namespace bora::host {

/// What a command line is read against: everything that run() otherwise takes from the process.
struct Surroundings {
  std::ostream& out;
  std::ostream& err;
  std::vector<std::pair<std::string, std::string>> environment;
};

/// run() of host/run.hpp, with its surroundings given. `arguments` do not include the program's name.
[[nodiscard]] int run_command_line(std::vector<std::string> arguments, Program program,
                                   const Surroundings& surroundings);

}  // namespace bora::host
