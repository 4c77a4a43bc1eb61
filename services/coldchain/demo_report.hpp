#pragma once

#include <chrono>
#include <filesystem>
#include <string>

#include "services/coldchain/demo_audit.hpp"
#include "topologies/coldchain/messages.hpp"

namespace bora::demo {

/// The table of what was expected and found, and the verdict.
[[nodiscard]] std::string report_text(const AuditResult& result, std::chrono::nanoseconds took);

struct HintFacts {
  std::string called_as;
  std::filesystem::path directory;
  coldchain::DeviceId some_device{};
};

/// Where the data lies and how to look at it, now that the process has ended.
[[nodiscard]] std::string hints_text(const HintFacts& facts);

struct Addresses {
  std::string control;
  std::string ingest;
  std::string admin;
  std::string series;
};

/// The same while it goes on.
[[nodiscard]] std::string running_text(const HintFacts& facts, const Addresses& addresses);

}  // namespace bora::demo
