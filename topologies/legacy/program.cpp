#include "topologies/legacy/program.hpp"

#include <chrono>
#include <filesystem>
#include <memory>
#include <sstream>
#include <system_error>
#include <utility>

#include "spouts/dead_letter.hpp"
#include "topologies/legacy/child_log.hpp"
#include "topologies/parts/dead_letters_part.hpp"

namespace bora::legacy {

namespace {

/// Beside the program, where the build puts it.
std::string resources() {
  std::error_code unknown;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", unknown);
  return unknown ? "resources/legacy" : (program.parent_path() / "resources" / "legacy").string();
}

std::vector<std::string> words_of(const std::string& text) {
  std::istringstream stream{text};
  std::vector<std::string> words;
  for (std::string word; stream >> word;)
    words.push_back(word);
  return words;
}

}  // namespace

LegacySettings::LegacySettings() : command("python3 reshape.py") {
  system.in_flight = 8;
  system.url = host::Url::parse("log:./data/legacy.jsonl").value();
  topology.directory = resources();
}

void LegacySettings::bind(host::Settings& settings) {
  using namespace std::chrono_literals;
  settings.bind("legacy.group", topology.group, "consumer group");
  settings.bind("legacy.max_in_flight", topology.max_in_flight, "most readings in work at once",
                {1, 1 << 20});
  settings.bind("legacy.commit_every", topology.spout.commit_every,
                "time between commits of offsets; what a crash may send again");
  settings.bind("legacy.retry.attempts", topology.spout.retry.attempts,
                "attempts before a reading becomes a dead letter", {1, 1000});
  settings.bind("legacy.command", command, "the child that reshapes readings; words, no quotes");
  settings.bind("legacy.directory", topology.directory, "where the child runs");
  settings.bind("legacy.children", topology.children, "children, each a process", {1, 64});
  settings.bind("legacy.max_pending", topology.max_pending,
                "readings that one child may have at once", {1, 100'000});
  settings.bind("legacy.heartbeat_timeout", topology.heartbeat_timeout,
                "a child that says nothing for so long hangs, and is started again",
                {100ms, std::chrono::hours{1}});
  settings.bind("legacy.system", system.url, "the older system: http(s)://..., or log:FILE",
                {"log", "http", "https"});
  settings.bind("legacy.token", system.token, "sent to it as Authorization: Bearer");
  settings.bind("legacy.ca_file", system.ca_file, "who may sign its certificate (PEM)");
  settings.bind("legacy.timeout", system.timeout, "longest time of one call", {10ms, 20s});
  settings.bind("legacy.calls", system.in_flight, "calls under way at once", {1, 256});
}

void ProgramOptions::bind(host::Settings& settings) {
  topics.bind(settings);
  legacy.bind(settings);
}

std::vector<parts::TopicPlan> ProgramOptions::topic_plans() const {
  const std::string readings{kReadingsTopic};
  // Dead letters are few and looked at by people: one partition.
  return {{.name = readings}, {.name = dead_letter_topic(readings), .partitions = 1}};
}

Status add_legacy(const LegacySettings& settings, parts::TopicsPart& topics,
                  host::Assembly& assembly) {
  LegacyOptions options = settings.topology;
  options.command = words_of(settings.command);
  if (options.command.empty())
    return {ErrorKind::kInvalid, "legacy.command is empty: name the child's program"};
  auto system = parts::make_notifier(settings.system);
  if (!system) return system.status();
  auto log = std::make_unique<ChildLog>();
  auto topology = make_topology(
      options, {.connections = topics.connections(std::string{kReadingsTopic}, options.group),
                .system = *std::move(system),
                .log = [log = log.get()](multilang::LogLevel level, std::string_view text) {
                  log->write(level, text);
                }});
  if (!topology) return topology.status();
  assembly.add(std::move(log));
  assembly.add(std::move(topology).value());
  return {};
}

Status assemble(const ProgramOptions& options, const Clock& clock, host::Assembly& assembly) {
  auto topics = parts::make_topics(options.topics, options.topic_plans(), "legacy", clock);
  if (!topics) return topics.status();
  parts::TopicsPart& part = **topics;
  assembly.add(*std::move(topics));
  assembly.add(std::make_unique<parts::DeadLettersPart>(std::vector{std::string{kReadingsTopic}},
                                                        part, clock));
  return add_legacy(options.legacy, part, assembly);
}

}  // namespace bora::legacy
