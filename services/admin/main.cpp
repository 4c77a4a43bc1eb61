#include <memory>
#include <utility>
#include <vector>

#include "host/run.hpp"
#include "services/admin/admin_part.hpp"
#include "services/admin/user_command.hpp"
#include "topologies/coldchain/registry.hpp"
#include "topologies/parts/make_topics.hpp"
#include "topologies/parts/topics_command.hpp"

namespace {

std::vector<bora::parts::TopicPlan> topic_plans() {
  return {{.name = std::string{bora::coldchain::kRegistryTopic},
           .cleanup = bora::parts::TopicPlan::Cleanup::kCompact}};
}

}  // namespace

int main(int argc, char** argv) {
  const bora::SystemClock clock;
  bora::parts::TopicsOptions topics;
  bora::admin::AdminOptions options;
  bora::host::Program program;
  program.name = "admin";
  program.about = "registry of devices, gateways and users, with its HTTPS interface";
  topics.bind(program.settings);
  options.bind(program.settings);
  program.assemble = [&](bora::host::Assembly& assembly) -> bora::Status {
    auto part = bora::parts::make_topics(topics, topic_plans(), "admin", clock);
    if (!part) return part.status();
    auto service = std::make_unique<bora::admin::AdminPart>(options, (*part)->sinks(), clock);
    assembly.add(*std::move(part));
    assembly.add(std::move(service));
    return {};
  };
  program.commands = {bora::admin::user_command(options, clock),
                      bora::parts::topics_command(topics, topic_plans, clock)};
  return bora::host::run(argc, argv, std::move(program));
}
