#include "topologies/parts/topics_command.hpp"

#include <memory>
#include <ostream>
#include <utility>

#include <CLI/CLI.hpp>

#include "host/units.hpp"

namespace bora::parts {
namespace {

enum class Verb : std::uint8_t { kCreate, kVerify, kList };

struct Typed {
  Verb verb = Verb::kList;
  std::uint32_t partitions = 0;   // 0: not given
  std::uint32_t replication = 0;  // 0: not given
  std::string retention;
};

std::string fault_of_duration(const std::string& text) {
  return std::string{host::parse_duration(text).status().message()};
}

void declare_properties(CLI::App& command, Typed& typed) {
  command.add_option("--partitions", typed.partitions, "of topics whose number does not matter")
      ->check(CLI::Range(1, 100'000));
  command.add_option("--replication", typed.replication, "copies of each partition; Kafka only")
      ->check(CLI::Range(1, 100));
  command.add_option("--retention", typed.retention, "how long records stay, such as 7d")
      ->check(fault_of_duration);
}

std::vector<TopicPlan> with_typed(std::vector<TopicPlan> plans, const Typed& typed) {
  for (TopicPlan& plan : plans) {
    if (typed.partitions != 0 && !plan.partitions) plan.partitions = typed.partitions;
    if (typed.replication != 0 && !plan.replication) plan.replication = typed.replication;
    const bool may_forget = plan.cleanup != TopicPlan::Cleanup::kCompact;
    if (!typed.retention.empty() && !plan.retention && may_forget)
      plan.retention = std::chrono::duration_cast<std::chrono::milliseconds>(
          *host::parse_duration(typed.retention));
  }
  return plans;
}

Status create(TopicTools& tools, const std::vector<TopicPlan>& plans, std::ostream& out) {
  for (const TopicPlan& plan : plans) {
    const auto found = tools.describe(plan.name);
    if (found) {
      out << plan.name << ": there already\n";
      continue;
    }
    if (found.error().kind != ErrorKind::kNotFound) return found.status();
    if (Status created = tools.create(plan); !created) return created;
    out << plan.name << ": created\n";
  }
  return {};
}

Status list(TopicTools& tools, const std::vector<TopicPlan>& plans, std::ostream& out) {
  for (const TopicPlan& plan : plans) {
    const auto found = tools.describe(plan.name);
    if (!found && found.error().kind != ErrorKind::kNotFound) return found.status();
    out << plan.name;
    if (!found) {
      out << ": missing\n";
      continue;
    }
    if (found->partitions) out << " partitions=" << *found->partitions;
    if (found->replication) out << " replication=" << *found->replication;
    if (found->retention) out << " retention_ms=" << found->retention->count();
    if (found->cleanup)
      out << " cleanup="
          << (*found->cleanup == TopicPlan::Cleanup::kCompact ? "compact" : "delete");
    out << '\n';
  }
  return {};
}

}  // namespace

host::Command topics_command(const TopicsOptions& options,
                             std::function<std::vector<TopicPlan>()> plans, const Clock& clock) {
  const auto typed = std::make_shared<Typed>();
  host::Command command;
  command.name = "topics";
  command.about = "the topics that this program needs: make them, compare them";
  command.declare = [typed](CLI::App& app) {
    app.require_subcommand(1);
    CLI::App& creating = *app.add_subcommand("create", "make those that are missing");
    declare_properties(creating, *typed);
    creating.callback([typed] { typed->verb = Verb::kCreate; });
    CLI::App& verifying = *app.add_subcommand("verify", "fail when one is not as planned");
    declare_properties(verifying, *typed);
    verifying.callback([typed] { typed->verb = Verb::kVerify; });
    app.add_subcommand("list", "show them")->callback([typed] { typed->verb = Verb::kList; });
  };
  command.run = [typed, &options, &clock, plans = std::move(plans)](host::Invocation& invocation) {
    const auto tools = make_topic_tools(options, clock);
    Status done = tools.status();
    if (tools) {
      const std::vector<TopicPlan> wanted = with_typed(plans(), *typed);
      switch (typed->verb) {
        case Verb::kCreate:
          done = create(**tools, wanted, invocation.out);
          if (done) done = verify(**tools, wanted, invocation.process.program);
          break;
        case Verb::kVerify:
          done = verify(**tools, wanted, invocation.process.program);
          if (done) invocation.out << "all " << wanted.size() << " topics in order\n";
          break;
        case Verb::kList: done = list(**tools, wanted, invocation.out); break;
      }
    }
    if (done) return 0;
    invocation.log.error("the topics are not in order", {{"error", done.message()}});
    return 1;
  };
  return command;
}

}  // namespace bora::parts
