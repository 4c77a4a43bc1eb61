#include "topologies/alerts/program.hpp"

#include <memory>
#include <string>
#include <utility>

#include "spouts/dead_letter.hpp"
#include "topologies/coldchain/registry.hpp"
#include "topologies/parts/dead_letters_part.hpp"

namespace bora::alerts {

void bind(host::Settings& settings, AlertsOptions& alerts) {
  settings.bind("alerts.group", alerts.group, "consumer group");
  settings.bind("alerts.time_tasks", alerts.time_tasks,
                "threads that record when devices were heard", {1, 16});
  settings.bind("alerts.max_in_flight", alerts.max_in_flight, "most readings in work at once",
                {1, 1 << 20});
  settings.bind("alerts.batch_readings", alerts.batch_readings, "most readings recorded at once",
                {1, 1 << 16});
  settings.bind("alerts.silent_after", alerts.rules.silent_after,
                "a device without a reading for longer is silent");
  settings.bind("alerts.grace", alerts.rules.grace,
                "after the state was lost, nobody is called silent for so long");
  settings.bind("alerts.settle", alerts.rules.settle,
                "the same after a start, a change of partitions or an error of the source");
  settings.bind("alerts.max_lag", alerts.rules.max_lag,
                "nobody is called silent while the topology is further behind");
  settings.bind("alerts.look_every", alerts.rules.look_every,
                "time between two looks for silent devices");
  settings.bind("alerts.commit_every", alerts.spout.commit_every,
                "time between commits of offsets; what a crash repeats");
  settings.bind("alerts.retry.attempts", alerts.spout.retry.attempts,
                "attempts before a reading becomes a dead letter", {1, 1000});
}

ProgramOptions::ProgramOptions() : state(host::Url::parse("rocksdb:./data/state").value()) {}

void ProgramOptions::bind(host::Settings& settings) {
  topics.bind(settings);
  settings.bind("state", state, "where it is kept who was heard when: rocksdb:PATH, redis://...",
                {"rocksdb", "redis", "rediss", "redis+sentinel"});
  notify.bind(settings);
  alerts::bind(settings, alerts);
}

std::vector<parts::TopicPlan> ProgramOptions::topic_plans() const {
  // Dead letters are few and looked at by people: one partition.
  const std::string readings{kReadingsTopic};
  const std::string told{kAlertsTopic};
  return {{.name = readings},
          {.name = dead_letter_topic(readings), .partitions = 1},
          {.name = told},
          {.name = dead_letter_topic(told), .partitions = 1},
          {.name = std::string{coldchain::kRegistryTopic},
           .cleanup = parts::TopicPlan::Cleanup::kCompact}};
}

Status assemble(const AlertsOptions& options, const parts::NotifyOptions& notify,
                const SharedParts& shared, const Clock& clock, host::Assembly& assembly) {
  auto notifier = parts::make_notifier(notify);
  if (!notifier) return notifier.status();
  auto topology = make_topology(
      options,
      {.connections = shared.topics.connections(std::string{kReadingsTopic}, options.group),
       .registry = [&registry = shared.registry]() -> const coldchain::RegistryView& {
         return registry.view();
       },
       .state = shared.state.connections(),
       .notifier = *std::move(notifier),
       .sinks = shared.topics.sinks(),
       .clock = clock});
  if (!topology) return topology.status();
  assembly.add(std::move(topology).value());
  return {};
}

Status assemble(const ProgramOptions& options, const Clock& clock, host::Assembly& assembly) {
  auto topics = parts::make_topics(options.topics, options.topic_plans(), "alerts", clock);
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
  return assemble(options.alerts, options.notify, shared, clock, assembly);
}

}  // namespace bora::alerts
