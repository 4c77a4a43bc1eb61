#include "services/coldchain/demo_run.hpp"

#include <fstream>
#include <memory>
#include <optional>
#include <unistd.h>
#include <utility>

#include "services/coldchain/demo_feeder.hpp"
#include "services/coldchain/demo_prepare.hpp"
#include "services/coldchain/demo_report.hpp"
#include "services/coldchain/demo_screen.hpp"
#include "services/coldchain/demo_watch.hpp"

namespace bora::demo {

namespace {

/// The log of the process, in a file: on the screen it would run into the progress. What kept it from
/// starting is remembered, for the screen.
class LogFile {
 public:
  explicit LogFile(const std::filesystem::path& path) : path_(path), file_(path) {}

  [[nodiscard]] host::LogOptions options() {
    host::LogOptions options;
    options.sink = [this](std::string_view line) {
      file_ << line << std::flush;
      if (line.find("level=error") != std::string_view::npos) last_error_ = line;
    };
    return options;
  }
  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }
  /// Requires: the process has ended.
  [[nodiscard]] const std::string& last_error() const noexcept { return last_error_; }

 private:
  const std::filesystem::path path_;
  std::ofstream file_;
  std::string last_error_;
};

class Demo {
 public:
  Demo(const DemoOptions& options, host::Invocation& invocation)
      : options_(options),
        process_(invocation.process),
        out_(invocation.out),
        screen_(invocation.out,
                ::isatty(STDOUT_FILENO) == 1 ? Screen::Kind::kTerminal : Screen::Kind::kPlain),
        log_file_(options.directory / "coldchain.log"),
        log_(log_file_.options()) {
    allinone::ProgramOptions& program = options_.program;
    adapt(program, options.directory);
    program.ingest.port = options.ports.ingest;
    program.admin.port = options.ports.admin;
    program.series.api_port = options.ports.series;
    if (options.ports.series == 0)
      program.series.api = datapoints::SeriesOptions::ApiPort::kAnyFree;
    process_.control.port = options.ports.control;
  }

  int run(Cast cast);

 private:
  Status assemble(Cast cast, host::Assembly& assembly);
  void introduce(const Cast& cast);
  bool step(host::Process& process);
  void report(const host::Process& process);
  [[nodiscard]] std::filesystem::path notifications() const;
  int end(int code);

  DemoOptions options_;
  host::ProcessOptions process_;
  std::ostream& out_;
  Screen screen_;
  LogFile log_file_;
  host::Log log_;
  const SystemClock clock_;
  allinone::Parts parts_;
  Feeder* feeder_ = nullptr;  // of the assembly: while the process runs
  std::optional<Watch> watch_;
  bool is_reported_ = false;
};

int Demo::run(Cast cast) {
  introduce(cast);
  host::Assembly assembly;
  if (Status status = assemble(std::move(cast), assembly); !status) {
    screen_.say("demo: " + std::string{status.message()});
    return 1;
  }
  host::Invocation invocation{log_, process_, out_};
  return end(host::serve(invocation, std::move(assembly),
                         [this](host::Process& process) { return step(process); }));
}

Status Demo::assemble(Cast cast, host::Assembly& assembly) {
  auto login = prepare(options_.program, clock_);
  if (!login) return login.status();
  auto parts = allinone::assemble(options_.program, clock_, assembly);
  if (!parts) return parts.status();
  parts_ = *parts;
  auto feeder = std::make_unique<Feeder>(
      Feeder::Options{.rate = options_.rate, .script = options_.script, .login = *std::move(login)},
      std::move(cast), parts_, clock_);
  feeder_ = feeder.get();
  assembly.add(std::move(feeder));
  return {};
}

void Demo::introduce(const Cast& cast) {
  screen_.say("Every topology, the admin service and an HTTP ingest in one process.\n" +
              grouped(cast.devices.size()) + " devices report " + grouped(cast.readings()) +
              " readings of real sensors, as if taken until now; " +
              grouped(options_.script.duplicates) + " are sent twice, and " +
              grouped(options_.script.malformed) +
              " broken records with them.\nSome devices have wrong secrets or are not registered, "
              "some were silent for over an hour.\nTwo of three gateways publish into the topic, "
              "the third posts to the ingest.");
}

bool Demo::step(host::Process& process) {
  if (is_reported_) return false;
  if (!watch_) {
    screen_.say("To watch it in a browser: " + process.control_url() + "\n");
    watch_.emplace(*feeder_, parts_, notifications(), clock_, screen_);
  }
  if (!watch_->step()) return false;
  report(process);
  is_reported_ = true;
  const bool goes_on = options_.keeps_running && watch_->result() && watch_->failure();
  if (goes_on) feeder_->go_on();
  return !goes_on;
}

std::filesystem::path Demo::notifications() const {
  return std::string{options_.program.placed().notify.url.rest()};
}

void Demo::report(const host::Process& process) {
  if (!watch_->failure()) {
    screen_.say("FAILED: " + std::string{watch_->failure().message()});
    return;
  }
  screen_.say(report_text(*watch_->result(), watch_->took()));
  const HintFacts facts{.called_as = options_.called_as,
                        .directory = options_.directory,
                        .some_device = feeder_->cast().devices.back().id};
  screen_.say(options_.keeps_running ? running_text(facts, {.control = process.control_url(),
                                                            .ingest = parts_.ingest->url(),
                                                            .admin = parts_.admin->url(),
                                                            .series = parts_.series->url()})
                                     : hints_text(facts));
}

int Demo::end(int code) {
  if (!watch_) {
    screen_.say("FAILED: the process did not start: " + log_file_.last_error());
    return 1;
  }
  if (!is_reported_) {
    screen_.say("Interrupted before everything had arrived. The data lies in " +
                options_.directory.string());
    return 1;
  }
  const bool agrees = watch_->result() && watch_->result()->agrees();
  if (agrees && code != 0)
    screen_.say("FAILED: the process did not end in order, see " + log_file_.path().string());
  return agrees && code == 0 ? 0 : 1;
}

}  // namespace

int run_demo(const DemoOptions& options, Cast cast, host::Invocation& invocation) {
  return Demo{options, invocation}.run(std::move(cast));
}

}  // namespace bora::demo
