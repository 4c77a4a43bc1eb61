#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "bora/clock.hpp"
#include "bora/status.hpp"
#include "host/assembly.hpp"
#include "host/settings.hpp"
#include "host/url.hpp"
#include "topologies/parts/make_topics.hpp"
#include "topologies/raw/archive.hpp"
#include "topologies/raw/topology.hpp"

namespace bora::raw {

/// The archive as a part of a process.
class ArchivePart final : public host::Service {
 public:
  explicit ArchivePart(ArchiveOptions options) : options_(std::move(options)) {}
  [[nodiscard]] std::string_view name() const noexcept override { return "archive"; }
  Status start() override;
  void stop(std::chrono::milliseconds deadline) override;
  [[nodiscard]] std::vector<host::Sample> samples() const override;
  /// Requires: started.
  [[nodiscard]] Archive& archive() const {
    BORA_CHECK(archive_ != nullptr, "the archive is used before it was opened");
    return *archive_;
  }

 private:
  ArchiveOptions options_;
  std::unique_ptr<Archive> archive_;
};

/// Binds the settings `raw.*` that hold wherever the topology runs: all of `raw` but its topic.
/// `raw` outlives `settings`.
void bind(host::Settings& settings, RawOptions& raw);

/// What the program is configured by.
struct ProgramOptions {
  parts::TopicsOptions topics;
  host::Url archive;
  RawOptions raw;

  ProgramOptions();
  void bind(host::Settings& settings);
  [[nodiscard]] std::filesystem::path archive_path() const;
  /// The topics that the program needs: the one it reads, and its dead letters.
  [[nodiscard]] std::vector<parts::TopicPlan> topic_plans() const;
};

/// Adds the topology alone, on topics and an archive that were added before it.
[[nodiscard]] Status assemble(const RawOptions& raw, parts::TopicsPart& topics,
                              ArchivePart& archive, host::Assembly& assembly);

/// Adds the topics, the archive and the topology.
[[nodiscard]] Status assemble(const ProgramOptions& options, const Clock& clock,
                              host::Assembly& assembly);

}  // namespace bora::raw
