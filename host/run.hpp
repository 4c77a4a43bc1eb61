#pragma once

#include <functional>
#include <iosfwd>
#include <string>
#include <vector>

#include "bora/status.hpp"
#include "bora/topology.hpp"
#include "host/assembly.hpp"
#include "host/log.hpp"
#include "host/process.hpp"
#include "host/settings.hpp"

namespace CLI {  // NOLINT(readability-identifier-naming): the name that CLI11 has
class App;
}

namespace bora::host {

/// What a command gets: the settings are loaded and the log is open. Signals end the process as usual,
/// save inside serve().
struct Invocation {
  Log& log;
  const ProcessOptions& process;  ///< As configured: for a Process of the command's own.
  std::ostream& out;              ///< Standard output.
};

/// A subcommand of a program's own, beside `run` and the others.
struct Command {
  std::string name;
  std::string about;
  /// Declares options and subcommands of its own on its CLI11 command; may be null.
  std::function<void(CLI::App& command)> declare = {};
  /// Does it; the result is the exit code of the process. Requires: not null.
  std::function<int(Invocation&)> run = {};
};

/// A program, before its command line is read.
///
///   int main(int argc, char** argv) {
///     raw::Options options;
///     bora::host::Program program{.name = "raw", .about = "archives every report as it came"};
///     raw::bind(program.settings, options);
///     program.assemble = bora::host::one_topology([&] { return raw::topology(options); });
///     return bora::host::run(argc, argv, std::move(program));
///   }
struct Program {
  std::string name;
  std::string about;
  std::string version = {};  ///< Empty: Bora's own.
  Settings settings = {};    ///< `engine`, `control`, `log` and `shutdown` are added by run().
  /// Adds the program's parts; called after the settings are loaded. Must not touch the outside
  /// world. An error is a fault of configuration or wiring (exit code 2).
  std::function<Status(Assembly&)> assemble = {};
  std::vector<Command> commands = {};
  ProcessOptions process = {};  ///< Defaults of the settings engine.*, control.*, shutdown.timeout.
};

/// For programs of a single topology.
[[nodiscard]] std::function<Status(Assembly&)> one_topology(std::function<Result<Topology>()> make);

/// Runs a process until every spout of it has finished, `is_done` says so, or SIGTERM or SIGINT comes;
/// then stops it. A second signal stops the drain, a third ends the program on the spot. `is_done`,
/// when given, is called on this thread some ten times a second.
///
/// Returns the exit code: 0 when everything was drained, 1 when not, or when a part did not start.
[[nodiscard]] int serve(Invocation& invocation, Assembly assembly,
                        const std::function<bool(Process&)>& is_done = {});

/// Reads the command line and does what it says:
///
///   run       serve()s the program's parts
///   validate  checks configuration and wiring, touching nothing
///   graph     prints the topologies: --format text, dot, json
///   config    prints the effective settings with their origin, secrets masked
///   version
///
/// and the program's own commands. Options for all: --config FILE (repeatable, later wins), --set
/// key=value (repeatable), --log-level, --log-format. Settings also come from the environment:
/// BORA__SECTION__KEY.
///
/// Returns the exit code: 0 done; 1 something failed while running, such as a component that did not
/// open, or a drain that was cut short; 2 wrong usage, configuration or wiring, with every fault
/// listed.
[[nodiscard]] int run(int argc, const char* const* argv, Program program);

/// The same for a program that is one topology without settings of its own.
[[nodiscard]] int run(int argc, const char* const* argv, const std::string& name,
                      std::function<Result<Topology>()> make_topology);

}  // namespace bora::host
