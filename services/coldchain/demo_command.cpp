#include "services/coldchain/demo_command.hpp"

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <system_error>
#include <unistd.h>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "services/coldchain/demo_input.hpp"
#include "services/coldchain/demo_run.hpp"

namespace bora::demo {

namespace {

namespace fs = std::filesystem;

constexpr double kMostRate = 1e7;

constexpr const char* kHelp = R"(What it does:
  Starts the process that `run` starts (embedded topics and stores, every topology, admin API, HTTP
  ingest, control plane) on a directory and ports of its own. It registers devices with limits through
  the admin API, then sends every reading of the CSV files, moved in time so that they end now, some of
  them twice, and broken records of ten kinds: two gateways publish into topic `reports`, as they would
  to Kafka, the third posts to the ingest. Some devices have wrong secrets, some are switched off or not
  registered, and some were silent for over an hour; a part of those reports again.
  When every topology is done it compares archive, readings, curves, rejections, dead letters, alerts
  and notifications with what must have become of all that was sent, item by item, and prints a table.

Exit code:
  0 everything agrees; 1 something is missing, doubled or unexpected, or it was interrupted; 2 usage.

Examples:
  coldchain demo                     about half a minute at 3,000 records a second
  coldchain demo --rate 0            as fast as records are taken
  coldchain demo --keep-running      then look at it with a browser or curl
  coldchain demo --dir /data/x --csv mine.csv --duplicates 0 --malformed 10
)";

struct Typed {
  DemoOptions options;
  std::string directory;
  std::vector<std::string> csv;
};

void declare(CLI::App& app, Typed& typed) {
  DemoOptions& options = typed.options;
  app.add_option("--dir", typed.directory,
                 "directory for the data, new or empty; default: a new one for temporary files")
      ->type_name("DIR");
  app.add_option("--csv", typed.csv,
                 "CSV files with reading, mote_id, temperature; default: the project's data/")
      ->type_name("FILE");
  app.add_option("--rate", options.rate, "records a second, 0 for as fast as they are taken")
      ->check(CLI::Range(0.0, kMostRate))
      ->type_name("N")
      ->capture_default_str();
  app.add_option("--duplicates", options.script.duplicates, "reports that are sent twice")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  app.add_option("--malformed", options.script.malformed, "broken records, of ten kinds in turn")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  app.add_option("--seed", options.script.seed, "the same seed repeats and breaks the same records")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  app.add_flag("--keep-running", options.keeps_running,
               "go on after the comparison, with devices that report; Ctrl-C ends it");
  const auto add_port = [&](const char* name, std::uint16_t& port, const std::string& whose) {
    app.add_option(name, port, "of the " + whose + "; 0: any free one")->capture_default_str();
  };
  add_port("--control-port", options.ports.control, "control plane");
  add_port("--ingest-port", options.ports.ingest, "HTTP ingest");
  add_port("--admin-port", options.ports.admin, "admin API");
  add_port("--series-port", options.ports.series, "queries of curves");
  app.footer(kHelp);
}

Result<fs::path> make_directory(const std::string& wanted) {
  std::error_code failed;
  if (wanted.empty()) {
    std::string made = (fs::temp_directory_path(failed) / "coldchain-demo-XXXXXX").string();
    if (failed || ::mkdtemp(made.data()) == nullptr)
      return Error{ErrorKind::kUnavailable,
                   "cannot make a directory for temporary files; name one with --dir"};
    return fs::path{made};
  }
  const fs::path path = fs::absolute(wanted, failed).lexically_normal();
  const bool is_made = fs::create_directories(path, failed);
  if (is_made) fs::permissions(path, fs::perms::owner_all, failed);
  if (failed) return Error{ErrorKind::kInvalid, "cannot make " + wanted + ": " + failed.message()};
  if (!fs::is_empty(path, failed) || failed)
    return Error{ErrorKind::kInvalid,
                 wanted +
                     " is not empty: what is in it would be taken for the demonstration's; "
                     "name a new directory with --dir, or none"};
  return path;
}

int run(const Typed& typed, const allinone::ProgramOptions& program, host::Invocation& invocation) {
  const auto refuse = [&](const Error& error, int code) {
    invocation.out << "demo: " << error.message << '\n';
    return code;
  };
  auto cast = read_cast(typed.csv, SystemClock{}.wall_now());
  if (!cast) return refuse(cast.error(), 1);
  const auto directory = make_directory(typed.directory);
  if (!directory)
    return refuse(directory.error(), directory.error().kind == ErrorKind::kInvalid ? 2 : 1);
  DemoOptions options = typed.options;
  options.directory = *directory;
  options.program = program;
  return run_demo(options, std::move(cast).value(), invocation);
}

}  // namespace

host::Command demo_command(const allinone::ProgramOptions& options, std::string program) {
  const auto typed = std::make_shared<Typed>();
  typed->options.called_as = std::move(program);
  host::Command command;
  command.name = "demo";
  command.about = "feed it real readings, and compare what arrived with what was sent";
  command.declare = [typed](CLI::App& app) { declare(app, *typed); };
  command.run = [typed, &options](host::Invocation& invocation) {
    return run(*typed, options, invocation);
  };
  return command;
}

}  // namespace bora::demo
