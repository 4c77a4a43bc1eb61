#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "bora/clock.hpp"
#include "bora/record.hpp"
#include "bora/status.hpp"
#include "host/assembly.hpp"
#include "host/settings.hpp"
#include "services/coldchain/ingest_part.hpp"
#include "topologies/parts/log_part.hpp"
#include "topologies/raw/program.hpp"
#include "topologies/raw/topology.hpp"

namespace bora::allinone {

inline constexpr const char* kReportsTopic = "reports";

/// What the program is configured by.
struct ProgramOptions {
  std::string data = "./data-local/coldchain";  ///< Directory of everything that it keeps.
  raw::RawOptions raw;
  ingest::IngestOptions ingest;

  ProgramOptions() { raw.topic = kReportsTopic; }
  void bind(host::Settings& settings);
  [[nodiscard]] std::filesystem::path topics_path() const;
  [[nodiscard]] std::filesystem::path archive_path() const;
};

/// The parts of the process, for those who want to look at them. They belong to the assembly, and are
/// in use while the process runs.
struct Parts {
  parts::LogPart* log = nullptr;
  raw::ArchivePart* archive = nullptr;
  ingest::IngestPart* ingest = nullptr;
};

/// Adds the topic log, the archive, the raw topology on topic `reports`, and the ingest, in this order.
[[nodiscard]] Result<Parts> assemble(const ProgramOptions& options, const Clock& clock,
                                     host::Assembly& assembly);

/// Opens the topics for a command, calls `use` with a producer into them, and closes them again.
/// Fails: kUnavailable while a process has them open.
[[nodiscard]] Status with_topics(const ProgramOptions& options, const Clock& clock,
                                 const std::function<Status(RecordSink&)>& use);

}  // namespace bora::allinone
