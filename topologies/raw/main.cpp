#include <memory>
#include <utility>

#include "connectors/log/log_sink.hpp"
#include "connectors/log/topic_log.hpp"
#include "host/run.hpp"
#include "topologies/raw/commands.hpp"
#include "topologies/raw/program.hpp"

namespace {

bora::Status with_topics(const bora::raw::ProgramOptions& options, const bora::Clock& clock,
                         const std::function<bora::Status(bora::RecordSink&)>& use) {
  auto log = bora::log::TopicLog::open({.path = options.topics_path()}, clock);
  if (!log) return log.status();
  bora::log::LogSink sink{**log};
  return use(sink);
}

}  // namespace

int main(int argc, char** argv) {
  const bora::SystemClock clock;
  bora::raw::ProgramOptions options;
  bora::host::Program program;
  program.name = "raw";
  program.about = "archives every message of a topic exactly as it was received";
  options.bind(program.settings);
  program.assemble = [&](bora::host::Assembly& assembly) {
    return bora::raw::assemble(options, clock, assembly);
  };
  const bora::raw::CommandSources sources{
      .archive = [&] { return options.archive_path(); },
      .with_topics = [&](const auto& use) { return with_topics(options, clock, use); }};
  program.commands = {bora::raw::store_command(sources), bora::raw::replay_command(sources)};
  return bora::host::run(argc, argv, std::move(program));
}
