#include <memory>
#include <utility>

#include "host/run.hpp"
#include "topologies/parts/dlq_command.hpp"
#include "topologies/parts/make_topics.hpp"
#include "topologies/parts/topics_command.hpp"
#include "topologies/raw/commands.hpp"
#include "topologies/raw/program.hpp"

int main(int argc, char** argv) {
  using namespace bora;
  const SystemClock clock;
  raw::ProgramOptions options;
  host::Program program;
  program.name = "raw";
  program.about = "archives every message of a topic exactly as it was received";
  options.bind(program.settings);
  program.assemble = [&](host::Assembly& assembly) {
    return raw::assemble(options, clock, assembly);
  };
  const raw::CommandSources sources{
      .archive = [&] { return options.archive_path(); },
      .with_topics =
          [&](const auto& use) {
            return parts::with_topics(options.topics, clock, [&](parts::TopicsPart& topics) {
              return use(*topics.sinks()(0));
            });
          }};
  const auto plans = [&] { return options.topic_plans(); };
  const auto topics = [&] { return std::vector{options.raw.topic}; };
  program.commands = {raw::store_command(sources), raw::replay_command(sources),
                      parts::topics_command(options.topics, plans, clock),
                      parts::dlq_command(options.topics, topics, clock)};
  return host::run(argc, argv, std::move(program));
}
