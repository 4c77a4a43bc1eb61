#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "bora/clock.hpp"
#include "bora/record.hpp"
#include "bora/status.hpp"
#include "host/assembly.hpp"
#include "host/settings.hpp"
#include "host/url.hpp"
#include "services/admin/admin_part.hpp"
#include "services/coldchain/ingest_part.hpp"
#include "services/gateway/gateway_options.hpp"
#include "topologies/alerts/topology.hpp"
#include "topologies/authentication/program.hpp"
#include "topologies/datapoints/series_part.hpp"
#include "topologies/datapoints/topology.hpp"
#include "topologies/parts/log_part.hpp"
#include "topologies/parts/make_topics.hpp"
#include "topologies/parts/notify.hpp"
#include "topologies/parts/registry_part.hpp"
#include "topologies/parts/state_part.hpp"
#include "topologies/raw/program.hpp"
#include "topologies/raw/topology.hpp"
#include "topologies/thresholds/topology.hpp"

namespace bora::allinone {

inline constexpr const char* kReportsTopic = "reports";

/// What the program is configured by: the settings of every topology and of the admin service, as
/// their own programs have them. By itself, its topics are in its directory, too.
struct ProgramOptions {
  std::string data = "./data-local/coldchain";  ///< Directory of everything that it keeps.
  parts::TopicsOptions topics;
  host::Url state;
  parts::NotifyOptions notify;
  datapoints::SeriesOptions series;
  raw::RawOptions raw;
  authentication::AuthenticationSettings authentication;
  datapoints::DatapointsOptions datapoints;
  thresholds::ThresholdsOptions thresholds;
  alerts::AlertsOptions alerts;
  admin::AdminOptions admin;
  ingest::IngestOptions ingest;
  gateway::GatewayOptions gateway;  ///< Its id turns it on.

  ProgramOptions();
  void bind(host::Settings& settings);
  /// The same with every path that is relative put into `data`: what the other functions here, and the
  /// parts, work with. Safe to call twice.
  [[nodiscard]] ProgramOptions placed() const;

  [[nodiscard]] std::filesystem::path archive_path() const;
};

/// Every topic that the parts of the program need.
[[nodiscard]] std::vector<parts::TopicPlan> topic_plans();

/// Topics in which a message that cannot be worked on leaves a dead letter.
[[nodiscard]] std::vector<std::string> topics_with_dead_letters();

/// The parts of the process, for those who want to look at them. They belong to the assembly, and are
/// in use while the process runs.
struct Parts {
  parts::TopicsPart* topics = nullptr;
  parts::LogPart* log = nullptr;  ///< The same; null when they are in Kafka.
  raw::ArchivePart* archive = nullptr;
  datapoints::SeriesPart* series = nullptr;
  parts::StatePart* state = nullptr;
  parts::RegistryPart* registry = nullptr;
  admin::AdminPart* admin = nullptr;
  ingest::IngestPart* ingest = nullptr;
};

/// Adds everything against the flow: the stores, the topologies from the last to the first, then what
/// lets work in. So each starts when whoever it hands its work to is there, and a stop, which goes the
/// other way, lets those behind work off what came.
/// Fails: kInvalid for a setting that cannot be used.
[[nodiscard]] Result<Parts> assemble(const ProgramOptions& options, const Clock& clock,
                                     host::Assembly& assembly);

/// Opens the topics for a command, calls `use` with a producer into them, and closes them again.
/// Fails: kUnavailable while a process has them open.
[[nodiscard]] Status with_topics(const ProgramOptions& options, const Clock& clock,
                                 const std::function<Status(RecordSink&)>& use);

}  // namespace bora::allinone
