#include <utility>

#include "host/run.hpp"
#include "services/admin/user_command.hpp"
#include "services/coldchain/demo_command.hpp"
#include "services/coldchain/program.hpp"
#include "topologies/parts/dlq_command.hpp"
#include "topologies/parts/topics_command.hpp"
#include "topologies/raw/commands.hpp"

int main(int argc, char** argv) {
  using namespace bora;
  const SystemClock clock;
  allinone::ProgramOptions options;
  // What the commands of other programs work with: filled when one of them runs.
  admin::AdminOptions admin;
  parts::TopicsOptions topics;
  const auto placing = [&](host::Command command) {
    command.run = [&, run = std::move(command.run)](host::Invocation& invocation) {
      admin = options.placed().admin;
      topics = options.placed().topics;
      return run(invocation);
    };
    return command;
  };
  host::Program program;
  program.name = "coldchain";
  program.about = "cold-chain monitoring in one process: every topology, admin API, HTTP ingest";
  options.bind(program.settings);
  program.assemble = [&](host::Assembly& assembly) {
    return allinone::assemble(options, clock, assembly).status();
  };
  const raw::CommandSources sources{
      .archive = [&] { return options.archive_path(); },
      .with_topics = [&](const auto& use) { return with_topics(options, clock, use); }};
  program.commands = {
      demo::demo_command(options, argc > 0 ? argv[0] : program.name),
      placing(admin::user_command(admin, clock)),
      placing(parts::topics_command(topics, allinone::topic_plans, clock)),
      placing(parts::dlq_command(topics, allinone::topics_with_dead_letters, clock)),
      raw::store_command(sources),
      raw::replay_command(sources)};
  return host::run(argc, argv, std::move(program));
}
