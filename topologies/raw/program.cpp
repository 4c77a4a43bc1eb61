#include "topologies/raw/program.hpp"

#include <string>
#include <utility>

#include "spouts/dead_letter.hpp"
#include "topologies/parts/dead_letters_part.hpp"

namespace bora::raw {

Status ArchivePart::start() {
  auto opened = Archive::open(options_);
  if (!opened) return opened.status();
  archive_ = std::move(opened).value();
  return {};
}

void ArchivePart::stop(std::chrono::milliseconds) { archive_.reset(); }

std::vector<host::Sample> ArchivePart::samples() const {
  if (!archive_) return {};
  const auto stats = archive_->reader().stats();
  if (!stats) return {};
  return {{.name = "raw_archive_entries",
           .help = "Messages in the archive.",
           .value = static_cast<double>(stats->entries)},
          {.name = "raw_archive_file_bytes",
           .help = "Size of the archive's files.",
           .value = static_cast<double>(stats->file_bytes)}};
}

ProgramOptions::ProgramOptions() : archive(host::Url::parse("rocksdb:./data/archive").value()) {}

void bind(host::Settings& settings, RawOptions& raw) {
  settings.bind("raw.group", raw.group, "consumer group");
  settings.bind("raw.archive_tasks", raw.archive_tasks, "threads that write to the archive",
                {1, 16});
  settings.bind("raw.max_in_flight", raw.max_in_flight, "most messages in work at once",
                {1, 1 << 20});
  settings.bind("raw.batch_records", raw.batch_records, "most entries written with one sync",
                {1, 1 << 16});
  settings.bind("raw.commit_every", raw.spout.commit_every, "time between commits of offsets");
  settings.bind("raw.retry.attempts", raw.spout.retry.attempts,
                "attempts before a message becomes a dead letter", {1, 1000});
}

void ProgramOptions::bind(host::Settings& settings) {
  topics.bind(settings);
  settings.bind("archive", archive, "where the archive is", {"rocksdb"});
  settings.bind("raw.topic", raw.topic, "topic to archive");
  settings.bind("raw.messages", raw.messages, "what the topic holds; auto: as its name says",
                {"auto", "readings", "reports"});
  raw::bind(settings, raw);
}

std::filesystem::path ProgramOptions::archive_path() const { return std::string(archive.rest()); }

std::vector<parts::TopicPlan> ProgramOptions::topic_plans() const {
  // Dead letters are few and looked at by people: one partition.
  return {{.name = raw.topic}, {.name = dead_letter_topic(raw.topic), .partitions = 1}};
}

Status assemble(const RawOptions& raw, parts::TopicsPart& topics, ArchivePart& archive,
                host::Assembly& assembly) {
  auto topology =
      make_topology(raw, {.connections = topics.connections(raw.topic, raw.group),
                          .archive = [&archive]() -> Archive& { return archive.archive(); }});
  if (!topology) return topology.status();
  assembly.add(std::move(topology).value());
  return {};
}

Status assemble(const ProgramOptions& options, const Clock& clock, host::Assembly& assembly) {
  auto topics = parts::make_topics(options.topics, options.topic_plans(), "raw", clock);
  if (!topics) return topics.status();
  auto archive = std::make_unique<ArchivePart>(ArchiveOptions{.path = options.archive_path()});
  auto& shared_topics = **topics;
  auto& shared_archive = *archive;
  assembly.add(*std::move(topics));
  assembly.add(std::move(archive));
  assembly.add(std::make_unique<parts::DeadLettersPart>(std::vector{options.raw.topic},
                                                        shared_topics, clock));
  return assemble(options.raw, shared_topics, shared_archive, assembly);
}

}  // namespace bora::raw
