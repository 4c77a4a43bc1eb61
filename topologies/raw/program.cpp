#include "topologies/raw/program.hpp"

#include <string>
#include <utility>

#include "topologies/parts/log_part.hpp"

namespace bora::raw {

namespace {
host::Url url(const char* text) { return host::Url::parse(text).value(); }
}  // namespace

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

ProgramOptions::ProgramOptions()
    : topics(url("log:./data/topics")), archive(url("rocksdb:./data/archive")) {}

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
  settings.bind("topics", topics, "where the topics are", {"log"});
  settings.bind("archive", archive, "where the archive is", {"rocksdb"});
  settings.bind("raw.topic", raw.topic, "topic to archive", {"readings", "reports"});
  raw::bind(settings, raw);
}

std::filesystem::path ProgramOptions::archive_path() const { return std::string(archive.rest()); }
std::filesystem::path ProgramOptions::topics_path() const { return std::string(topics.rest()); }

Status assemble(const ProgramOptions& options, const Clock& clock, host::Assembly& assembly) {
  auto log =
      std::make_unique<parts::LogPart>(log::LogOptions{.path = options.topics_path()}, clock);
  auto archive = std::make_unique<ArchivePart>(ArchiveOptions{.path = options.archive_path()});
  auto topology = make_topology(
      options.raw, {.connections = log->connections(options.raw.topic, options.raw.group),
                    .archive = [part = archive.get()]() -> Archive& { return part->archive(); }});
  if (!topology) return topology.status();
  assembly.add(std::move(log));
  assembly.add(std::move(archive));
  assembly.add(std::move(topology).value());
  return {};
}

}  // namespace bora::raw
