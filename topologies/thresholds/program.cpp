#include "topologies/thresholds/program.hpp"

#include <memory>
#include <string>
#include <utility>

#include "spouts/dead_letter.hpp"
#include "topologies/coldchain/registry.hpp"
#include "topologies/parts/dead_letters_part.hpp"

namespace bora::thresholds {

void bind(host::Settings& settings, ThresholdsOptions& thresholds) {
  settings.bind("thresholds.group", thresholds.group, "consumer group");
  settings.bind("thresholds.config_tasks", thresholds.config_tasks,
                "threads that compare readings with limits", {1, 16});
  settings.bind("thresholds.max_in_flight", thresholds.max_in_flight,
                "most readings in work at once", {1, 1 << 20});
  settings.bind("thresholds.commit_every", thresholds.spout.commit_every,
                "time between commits of offsets; what a crash may notify of again");
  settings.bind("thresholds.retry.attempts", thresholds.spout.retry.attempts,
                "attempts before a reading becomes a dead letter", {1, 1000});
}

ProgramOptions::ProgramOptions() : state(host::Url::parse("rocksdb:./data/state").value()) {}

void ProgramOptions::bind(host::Settings& settings) {
  topics.bind(settings);
  settings.bind("state", state, "where the alert ledger is: rocksdb:PATH, redis://...",
                {"rocksdb", "redis", "rediss", "redis+sentinel"});
  notify.bind(settings);
  thresholds::bind(settings, thresholds);
}

std::vector<parts::TopicPlan> ProgramOptions::topic_plans() const {
  // Dead letters are few and looked at by people: one partition.
  const std::string readings{kReadingsTopic};
  const std::string alerts{kAlertsTopic};
  return {{.name = readings},
          {.name = dead_letter_topic(readings), .partitions = 1},
          {.name = alerts},
          {.name = dead_letter_topic(alerts), .partitions = 1},
          {.name = std::string{coldchain::kRegistryTopic},
           .cleanup = parts::TopicPlan::Cleanup::kCompact}};
}

Status assemble(const ThresholdsOptions& options, const parts::NotifyOptions& notify,
                const SharedParts& shared, host::Assembly& assembly) {
  auto notifier = parts::make_notifier(notify);
  if (!notifier) return notifier.status();
  auto topology = make_topology(
      options,
      {.connections = shared.topics.connections(std::string{kReadingsTopic}, options.group),
       .registry = [&registry = shared.registry]() -> const coldchain::RegistryView& {
         return registry.view();
       },
       .state = [&state = shared.state] { return state.connections()(); },
       .notifier = *std::move(notifier),
       .sinks = shared.topics.sinks()});
  if (!topology) return topology.status();
  assembly.add(std::move(topology).value());
  return {};
}

Status assemble(const ProgramOptions& options, const Clock& clock, host::Assembly& assembly) {
  auto topics = parts::make_topics(options.topics, options.topic_plans(), "thresholds", clock);
  if (!topics) return topics.status();
  auto state = parts::make_state(options.state);
  if (!state) return state.status();
  auto registry = std::make_unique<parts::RegistryPart>(
      (*topics)->table(std::string{coldchain::kRegistryTopic}));
  const SharedParts shared{**topics, *registry, **state};
  assembly.add(*std::move(topics));
  assembly.add(std::move(registry));
  assembly.add(*std::move(state));
  assembly.add(std::make_unique<parts::DeadLettersPart>(
      std::vector{std::string{kReadingsTopic}, std::string{kAlertsTopic}}, shared.topics, clock));
  return assemble(options.thresholds, options.notify, shared, assembly);
}

}  // namespace bora::thresholds
