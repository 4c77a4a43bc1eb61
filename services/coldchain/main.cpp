#include <utility>

#include "host/run.hpp"
#include "services/coldchain/demo_command.hpp"
#include "services/coldchain/program.hpp"
#include "topologies/raw/commands.hpp"

int main(int argc, char** argv) {
  const bora::SystemClock clock;
  bora::allinone::ProgramOptions options;
  bora::host::Program program;
  program.name = "coldchain";
  program.about = "cold-chain monitoring in one process: HTTP ingest, topics, archive";
  options.bind(program.settings);
  program.assemble = [&](bora::host::Assembly& assembly) {
    return bora::allinone::assemble(options, clock, assembly).status();
  };
  const bora::raw::CommandSources sources{
      .archive = [&] { return options.archive_path(); },
      .with_topics = [&](const auto& use) { return with_topics(options, clock, use); }};
  program.commands = {bora::demo::demo_command(options, argc > 0 ? argv[0] : program.name),
                      bora::raw::store_command(sources), bora::raw::replay_command(sources)};
  return bora::host::run(argc, argv, std::move(program));
}
