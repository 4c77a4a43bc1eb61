#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>

#include "services/coldchain/demo_audit.hpp"

namespace bora::demo {

struct ReportFacts {
  std::uint64_t over_http = 0;          ///< Reports that the ingest took.
  std::uint64_t refused_over_http = 0;  ///< Records that it refused.
  std::uint64_t dead_letters = 0;
  std::chrono::nanoseconds took{};
};

/// The table of what was expected and found, and the verdict.
[[nodiscard]] std::string report_text(const AuditResult& result, const ReportFacts& facts);

struct HintFacts {
  std::string called_as;
  std::filesystem::path directory;
  std::filesystem::path log_file;
};

/// Where the data lies and how to look at it.
[[nodiscard]] std::string hints_text(const HintFacts& facts);

}  // namespace bora::demo
