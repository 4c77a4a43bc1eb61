#include "topologies/datapoints/program.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "spouts/dead_letter.hpp"
#include "topologies/parts/dead_letters_part.hpp"

namespace bora::datapoints {

using namespace std::chrono_literals;

namespace {

constexpr auto kSlack = 10s;  // beyond what a reading waits for its window and its write

}  // namespace

void bind(host::Settings& settings, DatapointsOptions& datapoints) {
  settings.bind("datapoints.group", datapoints.group, "consumer group");
  settings.bind("datapoints.window", datapoints.window,
                "how long points are collected before they are written", {1ms, 20s});
  settings.bind("datapoints.window_points", datapoints.window_points,
                "points of a series with which a window ends early", {1, 1 << 20});
  settings.bind("datapoints.series_tasks", datapoints.series_tasks,
                "threads that write, for each of the two series", {1, 16});
  settings.bind("datapoints.max_in_flight", datapoints.max_in_flight,
                "most readings in work at once", {1, 1 << 20});
  settings.bind("datapoints.commit_every", datapoints.spout.commit_every,
                "time between commits of offsets");
  settings.bind("datapoints.retry.attempts", datapoints.spout.retry.attempts,
                "attempts before a reading becomes a dead letter", {1, 1000});
}

void ProgramOptions::bind(host::Settings& settings) {
  topics.bind(settings);
  series.bind(settings);
  datapoints::bind(settings, datapoints);
}

std::vector<parts::TopicPlan> ProgramOptions::topic_plans() const {
  // Dead letters are few and looked at by people: one partition.
  return {{.name = datapoints.topic},
          {.name = dead_letter_topic(datapoints.topic), .partitions = 1}};
}

Status assemble(const DatapointsOptions& options, parts::TopicsPart& topics, SeriesPart& series,
                host::Assembly& assembly) {
  auto topology =
      make_topology(options, {.connections = topics.connections(options.topic, options.group),
                              .writer = [&series] { return series.writer(); }});
  if (!topology) return topology.status();
  // A write that hangs must fail first, which says that the store is away. A message that expires counts
  // as an attempt instead, and after some of these its reading would be a dead letter.
  assembly.add(std::move(topology).value(),
               [least = options.window + series.write_timeout() + kSlack](EngineOptions& engine) {
                 engine.message_timeout = std::max(engine.message_timeout, least);
               });
  return {};
}

Status assemble(const ProgramOptions& options, const Clock& clock, host::Assembly& assembly) {
  auto topics = parts::make_topics(options.topics, options.topic_plans(), "datapoints", clock);
  if (!topics) return topics.status();
  auto series = make_series(options.series, clock);
  if (!series) return series.status();
  auto& shared_topics = **topics;
  auto& shared_series = **series;
  assembly.add(*std::move(topics));
  assembly.add(*std::move(series));
  assembly.add(std::make_unique<parts::DeadLettersPart>(std::vector{options.datapoints.topic},
                                                        shared_topics, clock));
  return assemble(options.datapoints, shared_topics, shared_series, assembly);
}

}  // namespace bora::datapoints
