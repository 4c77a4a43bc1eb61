#include "services/coldchain/demo_report.hpp"

#include <array>
#include <cstdio>

#include "services/coldchain/demo_screen.hpp"

namespace bora::demo {

namespace {

const char* name_of(Place place) {
  switch (place) {
    case Place::kArchive: return "archive";
    case Place::kReadings: return "authenticated";
    case Place::kCurves: return "curves";
    case Place::kRejected: return "rejected";
    case Place::kDeadLetters: return "dead letters";
    case Place::kRefused: return "ingest refused";
    case Place::kAlerts: return "alerts";
    case Place::kNotified: return "notifications";
  }
  return "?";
}

std::string line(const std::string& where, const std::string& what, const std::string& expected,
                 const std::string& found, const std::string& verdict) {
  std::array<char, 256> text{};
  std::snprintf(text.data(), text.size(), "  %-15s %-20s %10s %10s   %s\n", where.c_str(),
                what.c_str(), expected.c_str(), found.c_str(), verdict.c_str());
  return text.data();
}

std::string verdict_of(const std::string& fault) {
  return fault.empty() ? "ok" : "WRONG: " + fault;
}

/// A query in KairosDB's language, for the shell.
std::string query_of(const HintFacts& facts, const std::string& series_url) {
  return "curl " + series_url +
         "/api/v1/datapoints/query -d '{\"start_relative\":{\"value\":1,"
         "\"unit\":\"days\"},\"metrics\":[{\"name\":\"temperature\",\"tags\":{\"device\":[\"" +
         coldchain::record_key(facts.some_device) +
         "\"]},\"aggregators\":[{\"name\":\"avg\",\"sampling\":{\"value\":10,\"unit\":"
         "\"minutes\"}}]}]}'";
}

std::string files_text(const HintFacts& facts) {
  const std::string set = " --set data=" + facts.directory.string();
  return "\nThe data lies in " + facts.directory.string() +
         ": log coldchain.log, notifications notifications.jsonl, the password of admin user demo "
         "admin-password.\n  " +
         facts.called_as + " store scan" + set + " --device " +
         coldchain::record_key(facts.some_device) + " | head -3\n";
}

}  // namespace

std::string report_text(const AuditResult& result, std::chrono::nanoseconds took) {
  std::string text = "\n" + line("where", "what", "expected", "found", "");
  for (const AuditRow& row : result.rows)
    text += line(name_of(row.place), row.kind, grouped(row.expected), grouped(row.found),
                 verdict_of(row.fault));
  if (result.agrees())
    return text + "\nALL IN ORDER after " + duration_text(took) +
           ": everything that was sent became what it must, as often as it must, and nothing else "
           "is there.\nA broken record in the topic is two dead letters, as two topologies read "
           "it.";
  return text + "\nNOT IN ORDER after " + duration_text(took) + ": see the lines marked WRONG.";
}

std::string hints_text(const HintFacts& facts) {
  const std::string set = " --set data=" + facts.directory.string();
  return files_text(facts) + "  " + facts.called_as + " dlq list" + set +
         " | head\nTo go on with it, as a system that is there to stay:\n  " + facts.called_as +
         " run" + set + "\n  then look at http://127.0.0.1:9400, and ask for a curve:\n  " +
         query_of(facts, "http://127.0.0.1:9481");
}

std::string running_text(const HintFacts& facts, const Addresses& addresses) {
  return files_text(facts) +
         "Still running: devices go on reporting. Ctrl-C ends it.\n  control plane   " +
         addresses.control + "\n  ingest          " + addresses.ingest +
         "/v1/reports\n  admin API       " + addresses.admin + "\n  " +
         query_of(facts, addresses.series);
}

}  // namespace bora::demo
