#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "bora/clock.hpp"
#include "connectors/log/topic_log.hpp"
#include "host/command_line.hpp"
#include "services/gateway/simulate_command.hpp"
#include "support/temporary_directory.hpp"
#include "topologies/coldchain/codec.hpp"

using namespace bora;

namespace {

struct Outcome {
  int code = 0;
  std::vector<std::string> lines;
  std::string errors;
};

Outcome simulate(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "simulate");
  arguments.insert(arguments.begin(), {"--log-level", "error"});
  host::Program program;
  program.name = "gateway";
  program.commands = {gateway::simulate_command()};
  std::ostringstream out;
  std::ostringstream err;
  Outcome outcome;
  outcome.code = host::run_command_line(std::move(arguments), std::move(program), {out, err, {}});
  std::istringstream in{out.str()};
  for (std::string line; std::getline(in, line);)
    outcome.lines.push_back(line);
  outcome.errors = err.str();
  return outcome;
}

}  // namespace

TEST_CASE("gateway simulate writes reports as lines") {
  const testing::TemporaryDirectory directory;
  const std::string file = (directory.path() / "m.csv").string();
  std::ofstream{file} << "reading,mote_id,temperature\n1,1,4.5\n2,1,5\n1,2,6\n";
  const Outcome outcome =
      simulate({"--csv", file, "--duplicates", "2", "--malformed", "3", "--start", "1000"});
  CHECK(outcome.code == 0);
  CHECK(outcome.lines.size() == 8);
  int accepted = 0;
  for (const std::string& line : outcome.lines)
    accepted += coldchain::parse_report(line).is_ok();
  CHECK(accepted == 5);
  const auto first = coldchain::parse_report(outcome.lines[0]);
  REQUIRE(first);
  CHECK(first->device_id == coldchain::DeviceId{101});
  CHECK(first->time == from_millis(6000));
}

TEST_CASE("gateway simulate appends reports to a topic log, keyed by device") {
  const testing::TemporaryDirectory directory;
  const std::string path = (directory.path() / "topics").string();
  CHECK(simulate({"--random", "3", "--limit", "20", "--malformed", "5%", "--out", "log:" + path})
            .code == 0);
  const SystemClock clock;
  const auto log = log::TopicLog::open({.path = path}, clock);
  REQUIRE(log);
  std::vector<SourceRecord> records;
  for (std::uint32_t partition = 0; partition < 4; ++partition) {
    REQUIRE((*log)->read("reports", partition, 0, 100, records));
  }
  REQUIRE(records.size() == 21);
  CHECK(records[0].record.key.has_value());
}

TEST_CASE("wrong usage of gateway simulate is exit code 2 with the reason") {
  CHECK(simulate({}).code == 2);
  CHECK(simulate({"--random", "3", "--csv", "x.csv"}).code == 2);
  CHECK(simulate({"--csv", "/nowhere.csv"}).code == 2);
  CHECK(simulate({"--random", "3", "--limit", "1", "--duplicates", "many"})
            .errors.find("neither a number") != std::string::npos);
  CHECK(simulate({"--random", "3", "--duplicates", "5"}).code == 2);
  CHECK(simulate({"--random", "3", "--limit", "1", "--out", "ftp://x"}).code == 2);
  CHECK(simulate({"--random", "3", "--limit", "1", "--out", "http://x:port/"}).code == 2);
  CHECK(simulate({"--random", "3", "--limit", "1", "--skew", "-5"}).code == 2);
}
