#include "services/coldchain/program.hpp"

#include <memory>
#include <utility>

#include "connectors/log/log_sink.hpp"
#include "connectors/log/topic_log.hpp"

namespace bora::allinone {

void ProgramOptions::bind(host::Settings& settings) {
  settings.bind("data", data, "directory of everything that is kept");
  settings.bind("ingest.address", ingest.address, "numeric address of the HTTP ingest");
  settings.bind("ingest.port", ingest.port, "its port; 0 is any free one");
  settings.bind("ingest.allow_remote", ingest.allow_remote,
                "whether its address may be another than loopback: it has no passwords and no TLS");
  settings.bind("ingest.threads", ingest.threads, "threads that read requests", {1, 64});
  settings.bind_bytes("ingest.max_body_bytes", ingest.max_body_bytes,
                      "largest body of a request; larger ones are answered 413",
                      {1, ingest::kMostBodyBytes});
  settings.bind("ingest.max_waiting", ingest.max_waiting,
                "requests that may wait for the disk; one more is answered 429", {1, 100'000});
  raw::bind(settings, raw);
}

std::filesystem::path ProgramOptions::topics_path() const {
  return std::filesystem::path{data} / "topics";
}
std::filesystem::path ProgramOptions::archive_path() const {
  return std::filesystem::path{data} / "archive";
}

Result<Parts> assemble(const ProgramOptions& options, const Clock& clock,
                       host::Assembly& assembly) {
  auto log =
      std::make_unique<parts::LogPart>(log::LogOptions{.path = options.topics_path()}, clock);
  auto archive =
      std::make_unique<raw::ArchivePart>(raw::ArchiveOptions{.path = options.archive_path()});
  auto ingest = std::make_unique<ingest::IngestPart>(
      options.ingest, options.raw.topic,
      [part = log.get()]() -> log::TopicLog& { return part->log(); }, clock);
  const Parts parts{log.get(), archive.get(), ingest.get()};
  auto topology = raw::make_topology(
      options.raw,
      {.connections = log->connections(options.raw.topic, options.raw.group),
       .archive = [part = parts.archive]() -> raw::Archive& { return part->archive(); }});
  if (!topology) return topology.status();
  assembly.add(std::move(log));
  assembly.add(std::move(archive));
  assembly.add(std::move(topology).value());
  assembly.add(std::move(ingest));
  return parts;
}

Status with_topics(const ProgramOptions& options, const Clock& clock,
                   const std::function<Status(RecordSink&)>& use) {
  auto log = log::TopicLog::open({.path = options.topics_path()}, clock);
  if (!log) return log.status();
  log::LogSink sink{**log};
  return use(sink);
}

}  // namespace bora::allinone
