#include "services/coldchain/demo_report.hpp"

#include <array>
#include <cstdio>

#include "services/coldchain/demo_screen.hpp"

namespace bora::demo {

namespace {

std::string line(const std::string& what, const std::string& expected, const std::string& found,
                 const std::string& verdict) {
  std::array<char, 256> text{};
  std::snprintf(text.data(), text.size(), "  %-18s %10s %10s   %s\n", what.c_str(),
                expected.c_str(), found.c_str(), verdict.c_str());
  return text.data();
}

std::string verdict_of(const std::string& fault) {
  return fault.empty() ? "ok" : "WRONG: " + fault;
}

std::string table(const char* title, const std::string& total, const std::vector<AuditRow>& rows) {
  std::string text = line(title, "expected", "found", "");
  std::uint64_t expected = 0;
  std::uint64_t found = 0;
  for (const AuditRow& row : rows) {
    text += line(row.what, grouped(row.expected), grouped(row.found), verdict_of(row.fault));
    expected += row.expected;
    found += row.found;
  }
  return text + line(total, grouped(expected), grouped(found), "");
}

}  // namespace

std::string report_text(const AuditResult& result, const ReportFacts& facts) {
  std::string text = "\n" + table("archived", "all devices", result.devices) + "\n" +
                     table("refused", "all reasons", result.reasons) + "\n";
  text += "  Over HTTP: " + grouped(facts.over_http) + " reports taken, " +
          grouped(facts.refused_over_http) +
          " broken ones refused. Dead letters: " + grouped(facts.dead_letters) + ".\n\n";
  if (result.agrees())
    return text + "ALL IN ORDER after " + duration_text(facts.took) +
           ": every report archived once, byte for byte; every broken record accounted for.";
  return text + "NOT IN ORDER: see the lines marked WRONG.";
}

std::string hints_text(const HintFacts& facts) {
  const std::string archive = " --archive " + (facts.directory / "archive").string();
  return "\nThe data lies in " + facts.directory.string() + ", the log is " +
         facts.log_file.filename().string() + ". To look at it:\n  " + facts.called_as +
         " store count" + archive + "\n  " + facts.called_as + " store scan" + archive +
         " --device 101 | head -3\nWith --keep-running the process stays, to be looked at and "
         "posted to.";
}

}  // namespace bora::demo
