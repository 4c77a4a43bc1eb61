#include <sstream>
#include <string>

#include <CLI/CLI.hpp>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "host/command_line.hpp"
#include "support/host_example.hpp"

using namespace bora;
using namespace bora::host;

namespace {

struct Shell {
  std::ostringstream out;
  std::ostringstream err;
  Secret token;
  std::string word = "default";
  std::vector<std::pair<std::string, std::string>> environment;

  Program program() {
    Program program{.name = "picky", .about = "an example"};
    program.settings.bind("notify.token", token, "token of the service");
    program.assemble = one_topology([] { return test::picky_topology(10); });
    program.commands.push_back({.name = "say",
                                .about = "says a word",
                                .declare = [this](CLI::App& app) { app.add_option("word", word); },
                                .run =
                                    [this](Invocation& invocation) {
                                      invocation.out << word << " from "
                                                     << invocation.process.program;
                                      return 7;
                                    }});
    return program;
  }
  int run(std::vector<std::string> arguments) { return run(std::move(arguments), program()); }
  int run(std::vector<std::string> arguments, Program given) {
    out.str("");
    err.str("");
    return run_command_line(std::move(arguments), std::move(given), {out, err, environment});
  }
};

bool holds(const std::ostringstream& stream, const std::string& text) {
  return stream.str().find(text) != std::string::npos;
}

}  // namespace

TEST_CASE_METHOD(Shell, "help and version succeed on standard output") {
  CHECK(run({"--help"}) == 0);
  CHECK(holds(out, "validate"));
  CHECK(holds(out, "says a word"));
  CHECK(err.str().empty());
  CHECK(run({"version"}) == 0);
  CHECK(holds(out, "picky 0."));
}

TEST_CASE_METHOD(Shell, "wrong usage is exit code 2 on standard error") {
  for (const std::vector<std::string>& arguments : {std::vector<std::string>{},
                                                    {"fly"},
                                                    {"run", "--fast"},
                                                    {"graph", "--format", "png"},
                                                    {"--set"}}) {
    CHECK(run(arguments) == 2);
    CHECK(out.str().empty());
    CHECK_FALSE(err.str().empty());
  }
}

TEST_CASE_METHOD(Shell, "every fault of the configuration is listed, with exit code 2") {
  environment = {{"BORA__LOG__LEVEL", "loud"}};
  for (const std::string command : {"run", "validate", "graph", "config", "say"}) {
    CHECK(run({command, "--set", "engine.lingr=1s", "--set", "control.port=-1", "--log-format",
               "xml"}) == 2);
    CHECK(holds(err, "4 faults"));
    CHECK(holds(err, "did you mean engine.linger?"));
    CHECK(holds(err, "BORA__LOG__LEVEL: log.level: \"loud\""));
    CHECK(holds(err, "--log-format: log.format: \"xml\""));
    CHECK(out.str().empty());
  }
}

TEST_CASE_METHOD(Shell, "wiring that is wrong is exit code 2 with every fault") {
  Program bad = program();
  bad.assemble = one_topology([] {
    TopologyBuilder topology{"bad"};
    topology.spout("numbers", [] { return std::make_unique<test::Numbers>(1); });
    topology.spout("unread", [] { return std::make_unique<test::Numbers>(1); });
    return topology.build();
  });
  CHECK(run({"validate"}, std::move(bad)) == 2);
  CHECK(holds(err, "numbers"));
  CHECK(holds(err, "unread"));
}

TEST_CASE_METHOD(Shell, "options may stand before and after the command, and repeat") {
  CHECK(run({"--set", "engine.linger=1ms", "config", "--set", "engine.block_tuples=8",
             "--log-level", "warn"}) == 0);
  CHECK(holds(out, "engine.linger: '1ms'  # --set"));
  CHECK(holds(out, "engine.block_tuples: '8'  # --set"));
  CHECK(holds(out, "log.level: 'warn'  # --log-level"));
  CHECK(holds(out, "shutdown.timeout: '30s'  # default"));
}

TEST_CASE_METHOD(Shell, "config masks secrets") {
  environment = {{"BORA__NOTIFY__TOKEN", "hunter2"}};
  CHECK(run({"config"}) == 0);
  CHECK(holds(out, "notify.token: '***'  # BORA__NOTIFY__TOKEN"));
  CHECK_FALSE(holds(out, "hunter2"));
  CHECK(token.reveal() == "hunter2");
}

TEST_CASE_METHOD(Shell, "validate and graph touch nothing and describe the topology") {
  CHECK(run({"validate"}) == 0);
  CHECK(holds(out, "topology picky: 2 components, in order"));
  CHECK(run({"graph"}) == 0);
  CHECK(out.str() ==
        "topology picky\n"
        "  numbers  spout  1 task\n"
        "  picky    bolt   2 tasks\n"
        "    <- numbers (shuffle)\n");
  CHECK(run({"graph", "--format", "dot"}) == 0);
  CHECK(holds(out, "\"picky/numbers\" -> \"picky/picky\" [label=\"shuffle\"];"));
  CHECK(run({"graph", "--format", "json"}) == 0);
  CHECK(nlohmann::json::parse(out.str())["topologies"][0]["nodes"][1]["tasks"] == 2);
}

TEST_CASE_METHOD(Shell, "a command of the program's own gets its options and gives its exit code") {
  CHECK(run({"say", "hello", "--set", "engine.linger=1ms"}) == 7);
  CHECK(out.str() == "hello from picky");
}

TEST_CASE_METHOD(Shell, "a program without topologies has no run") {
  Program tool{.name = "tool", .about = "commands only"};
  CHECK(run({"run"}, std::move(tool)) == 2);
}
