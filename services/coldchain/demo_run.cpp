#include "services/coldchain/demo_run.hpp"

#include <fstream>
#include <memory>
#include <optional>
#include <unistd.h>
#include <utility>

#include "services/coldchain/demo_feeder.hpp"
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
    options_.program.data = options.directory.string();
    options_.program.ingest.port = options.ingest_port;
    process_.control.port = options.control_port;
  }

  int run(std::unique_ptr<gateway::Simulation> input);

 private:
  Status assemble(std::unique_ptr<gateway::Simulation> input, host::Assembly& assembly);
  void introduce();
  bool step(host::Process& process);
  void report(const host::Process& process);
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

int Demo::run(std::unique_ptr<gateway::Simulation> input) {
  host::Assembly assembly;
  if (Status status = assemble(std::move(input), assembly); !status) {
    screen_.say("demo: " + std::string{status.message()});
    return 1;
  }
  introduce();
  host::Invocation invocation{log_, process_, out_};
  return end(host::serve(invocation, std::move(assembly),
                         [this](host::Process& process) { return step(process); }));
}

Status Demo::assemble(std::unique_ptr<gateway::Simulation> input, host::Assembly& assembly) {
  auto parts = allinone::assemble(options_.program, clock_, assembly);
  if (!parts) return parts.status();
  parts_ = *parts;
  auto feeder = std::make_unique<Feeder>(
      Feeder::Options{.rate = options_.rate,
                      .over_http = coldchain::GatewayId{options_.input.gateways}},
      std::move(input), parts_, clock_);
  feeder_ = feeder.get();
  assembly.add(std::move(feeder));
  return {};
}

void Demo::introduce() {
  const std::uint64_t extra = options_.input.duplicates + options_.input.malformed;
  screen_.say("Simulated gateways send " + grouped(feeder_->total() - extra) +
              " readings of real sensors, " + grouped(options_.input.duplicates) +
              " of them twice, and " + grouped(options_.input.malformed) + " broken records" +
              (options_.rate > 0
                   ? ", " + grouped(static_cast<std::uint64_t>(options_.rate)) + " a second.\n"
                   : ".\n") +
              "Two of three gateways publish into the topic, the third posts to the HTTP ingest.\n"
              "Latencies count from taking a record off the topic until it is durably archived.");
}

bool Demo::step(host::Process& process) {
  if (is_reported_) return false;
  if (!watch_) {
    screen_.say("To watch it in a browser: " + process.control_url() + "\n");
    watch_.emplace(*feeder_, parts_, clock_, screen_);
  }
  if (!watch_->step(process)) return false;
  report(process);
  is_reported_ = true;
  return !options_.keeps_running || !watch_->result() || !watch_->failure();
}

void Demo::report(const host::Process& process) {
  if (!watch_->failure()) {
    screen_.say("FAILED: " + std::string{watch_->failure().message()});
    return;
  }
  screen_.say(report_text(*watch_->result(), {.over_http = feeder_->over_http(),
                                              .refused_over_http = feeder_->refused_over_http(),
                                              .dead_letters = watch_->dead_letters(),
                                              .took = watch_->took()}));
  screen_.say(hints_text({.called_as = options_.called_as,
                          .directory = options_.directory,
                          .log_file = log_file_.path()}));
  if (options_.keeps_running)
    screen_.say("Still running; Ctrl-C ends it.\n  control plane   " + process.control_url() +
                "\n  ingest          " + parts_.ingest->url() + "/v1/reports");
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

int run_demo(const DemoOptions& options, std::unique_ptr<gateway::Simulation> input,
             host::Invocation& invocation) {
  return Demo{options, invocation}.run(std::move(input));
}

}  // namespace bora::demo
