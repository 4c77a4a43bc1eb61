#include <cstdio>
#include <sstream>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "host/command_line.hpp"
#include "host/remote_process.hpp"
#include "host/remote_text.hpp"
#include "support/host_example.hpp"

using namespace bora;
using namespace bora::host;
using json = nlohmann::ordered_json;

namespace {

json view_at(std::uint64_t uptime_ms, std::uint64_t executed, std::uint64_t busy_ns) {
  return {
      {"program", "raw"},
      {"version", "1"},
      {"state", "running"},
      {"uptime_ms", uptime_ms},
      {"readiness", {{"ready", true}, {"reasons", json::array()}}},
      {"topologies",
       {{{"name", "raw"},
         {"bytes_in_flight", 2048},
         {"tasks",
          {{{"component", "reports"},
            {"task", 0},
            {"kind", "spout"},
            {"failed", 0},
            {"acked", 5},
            {"in_flight", 2},
            {"busy_ns", 0},
            {"complete", {{"count", 5}, {"p50_ns", 1'500'000}, {"p99_ns", 2'000'000'000}}}},
           {{"component", "archive"},
            {"task", 0},
            {"kind", "bolt"},
            {"failed", 1},
            {"executed", executed},
            {"busy_ns", busy_ns}}}},
         {"errors",
          {{{"component", "archive"},
            {"task", 0},
            {"at", "2"},
            {"times", 3},
            {"text", "disk\x1b[2J"}},
           {{"component", "reports"}, {"task", 0}, {"at", "1"}, {"times", 1}, {"text", "x"}}}},
         {"lag", {{{"spout", "reports"}, {"task", 0}, {"records", 12'345}, {"is_paused", true}}}},
         {"oldest_in_flight",
          {{{"spout", "reports"},
            {"partition", 3},
            {"offset", 77},
            {"age_ns", 31'000'000'000},
            {"where", "executing in archive[0] for 31 s"}}}}}}}};
}

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("status names what hangs, and what is not ready") {
  json view = view_at(61'000, 7, 0);
  const std::string text = status_text(view, Style::kPlain);
  CHECK(holds(text, "raw 1, running, up 1 min 1 s, ready\n"));
  CHECK(holds(text,
              "topology raw: 2 in flight, 2.0 KiB, oldest 31 s: reports 3/77, executing in "
              "archive[0] for 31 s\n"));
  CHECK(holds(text, "1.5 ms  2.0 s  complete\n"));
  CHECK_FALSE(holds(text, "\x1b"));
  view["readiness"] = {
      {"ready", false},
      {"reasons", {{{"kind", "stuck"}, {"topology", "raw"}, {"text", "archive[0] has hung"}}}}};
  CHECK(holds(status_text(view, Style::kPlain), "not ready\n  stuck: raw: archive[0] has hung\n"));
  CHECK(holds(status_text(view, Style::kColours), "\x1b[31mnot ready\x1b[0m"));
  CHECK(holds(status_text(json::object(), Style::kPlain), "not ready"));  // whatever answers there
}

TEST_CASE("errors are in order of time, and no terminal obeys them") {
  const std::string text = errors_text(view_at(1, 1, 1), Style::kPlain);
  CHECK(text.find("reports[0]") < text.find("archive[0]"));
  CHECK(holds(text, "disk [2J"));
  CHECK(errors_text(json::object(), Style::kPlain) == "no errors\n");
}

TEST_CASE("lag is shown by spout, and by partition where that is known") {
  CHECK(lag_text(view_at(1, 1, 1), Style::kPlain) ==
        "topology  spout    partition  task  behind  source\n"
        "raw       reports  all           0    12 k  paused\n");
  json view = view_at(1, 1, 1);
  view["topologies"][0]["lag"][0]["topic"] = "in";
  view["topologies"][0]["lag"][0]["partition"] = 3;
  CHECK(
      holds(lag_text(view, Style::kPlain), "raw       reports  in/3          0    12 k  paused\n"));
}

TEST_CASE("top orders components by their load between two looks") {
  TopScreen screen;
  CHECK_FALSE(holds(screen.frame(view_at(1'000, 100, 0), Style::kPlain), "%"));
  const std::string text = screen.frame(view_at(3'000, 300, 1'900'000'000), Style::kPlain);
  CHECK(text.find("archive") < text.find("reports"));
  CHECK(holds(text, "95 %"));
  CHECK(holds(text, "█"));
  CHECK(holds(text, " 100 "));  // a second
  // Another process listens there now: no rates below zero.
  CHECK_FALSE(holds(screen.frame(view_at(500, 1, 0), Style::kPlain), "-"));
}

TEST_CASE("numbers for people") {
  CHECK(short_count(9'999) == "9999");
  CHECK(short_count(1'234'567) == "1.2 M");
  CHECK(short_nanos(999) == "999 ns");
  CHECK(short_nanos(1'500) == "1.5 us");
  CHECK(short_nanos(125e9) == "2 min 5 s");
  CHECK(short_span(90'000) == "1 d 1 h");
  CHECK(short_bytes(1'572'864) == "1.5 MiB");
  CHECK(sparkline({0, 0.5, 1, 7}) == "▁▅██");
}

TEST_CASE("server-sent events are read however they are cut") {
  const std::string stream =
      ": still here\n\nevent: line\ndata: one\n\nevent: line\ndata: two\ndata: lines\n\ndata: cut";
  for (std::size_t size = 1; size <= stream.size(); ++size) {
    EventReader reader;
    std::vector<std::string> events;
    for (std::size_t at = 0; at < stream.size(); at += size)
      CHECK(reader.push(std::string_view{stream}.substr(at, size), [&](std::string_view data) {
        events.emplace_back(data);
        return true;
      }));
    CHECK(events == std::vector<std::string>{"one", "two\nlines"});
  }
  EventReader reader;
  CHECK_FALSE(reader.push("data: one\n\ndata: two\n\n", [](std::string_view data) {
    CHECK(data == "one");
    return false;
  }));
}

namespace {

std::string output_of(const std::vector<std::string>& arguments, int expected = 0) {
  std::ostringstream out;
  std::ostringstream err;
  Program program{.name = "picky", .about = "an example"};
  program.assemble = one_topology([] { return test::picky_topology(10); });
  CHECK(run_command_line(arguments, std::move(program), {out, err, {}}) == expected);
  return out.str();
}

// What a shell says of a script that it reads from its standard input.
int checked_by(const char* shell, const std::string& script) {
  std::FILE* const pipe = ::popen(shell, "w");
  REQUIRE(pipe != nullptr);
  std::fwrite(script.data(), 1, script.size(), pipe);
  return ::pclose(pipe);
}

}  // namespace

TEST_CASE("help, manual and completion name the same commands and options") {
  const std::string help = output_of({"--help"});
  const std::string manual = output_of({"manual"});
  const std::string completion = output_of({"completion"});
  for (const char* command : {"run", "validate", "graph", "config", "version", "status", "top",
                              "errors", "lag", "logs", "tap", "pause", "resume", "drain"}) {
    CHECK(holds(help, std::string{"\n  "} + command + " "));
    CHECK(holds(manual, std::string{".SS "} + command + "\n"));
    CHECK(holds(completion, std::string{"'"} + command + "'"));
  }
  CHECK(holds(help, "Exit codes: 0 done"));
  CHECK(holds(manual, ".SH EXIT STATUS\nExit codes: 0 done"));
  CHECK(holds(manual, "\\fB\\-\\-at\\fR URL\n"));
  CHECK(holds(completion, "--format"));
}

TEST_CASE("bash completes commands, and options after them") {
  const std::string completion = output_of({"completion"});
  const auto completes = [&](const std::string& words, const std::string& word) {
    return checked_by("bash", completion + "COMP_WORDS=(" + words +
                                  ")\nCOMP_CWORD=$((${#COMP_WORDS[@]}-1))\n_picky\n"
                                  "for w in \"${COMPREPLY[@]}\"; do [ \"$w\" = \"" +
                                  word + "\" ] && exit 0; done\nexit 1\n") == 0;
  };
  CHECK(completes("picky st", "status"));
  CHECK(completes("picky status --f", "--format"));
  CHECK(completes("picky --log-level debug tap --r", "--rate"));
  CHECK_FALSE(completes("picky status st", "status"));
}

TEST_CASE("a program that does not run is exit code 1") {
  output_of({"status", "--at", "http://127.0.0.1:1"}, 1);
  output_of({"status", "--at", "ftp://127.0.0.1:1"}, 2);
  output_of({"tap"}, 2);
  output_of({"top", "--format", "xml"}, 2);
}
