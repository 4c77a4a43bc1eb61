#include "host/command_line.hpp"

#include <algorithm>
#include <ostream>
#include <unistd.h>
#include <utility>

#include <CLI/CLI.hpp>

#include "bora/check.hpp"
#include "host/command_docs.hpp"
#include "host/graph.hpp"
#include "host/remote_commands.hpp"
#include "host/settings_input.hpp"
#include "host/version.hpp"

namespace bora::host {

namespace {

using namespace std::chrono_literals;

constexpr int kOk = 0;
constexpr int kUsage = 2;

const std::vector<std::string> kLevels{"debug", "info", "warn", "error"};
const std::vector<std::string> kFormats{"auto", "logfmt", "json"};
const std::vector<std::string> kGraphFormats{"text", "dot", "json"};

struct LogSettings {
  std::string level = "info";
  std::string format = "auto";
};

/// What was typed.
struct Typed {
  SettingsInput input;
  std::string log_level;
  std::string log_format;
  std::string graph_format = "text";
};

// Where a program of this user keeps what is nobody else's: systemd's, then that of XDG.
std::string state_directory(const std::vector<std::pair<std::string, std::string>>& environment) {
  const auto value = [&environment](std::string_view name) -> std::string {
    for (const auto& [key, text] : environment)
      if (key == name) return text.substr(0, text.find(':'));
    return {};
  };
  if (auto given = value("STATE_DIRECTORY"); !given.empty()) return given;
  if (auto given = value("XDG_STATE_HOME"); !given.empty()) return given + "/bora";
  if (auto given = value("HOME"); !given.empty()) return given + "/.local/state/bora";
  return {};
}

class CommandLine {
 public:
  CommandLine(Program program, const Surroundings& surroundings)
      : program_(std::move(program)), around_(surroundings), app_(program_.about, program_.name) {
    if (program_.version.empty()) program_.version = std::string{version()};
    program_.process.program = program_.name;
    program_.process.version = program_.version;
    program_.process.control.state_directory = state_directory(around_.environment);
  }

  int run(std::vector<std::string> arguments);

 private:
  void bind_own_settings();
  void declare();
  void add_remote_commands();
  int dispatch();
  int load_settings();
  int fault(const std::vector<std::string>& faults);
  int assemble(Assembly& assembly);
  int validate();
  int graph();
  int config();
  int with_log(const std::function<int(Invocation&)>& command);
  [[nodiscard]] LogOptions log_options() const;
  [[nodiscard]] bool is_called(const std::string& name) const { return app_.got_subcommand(name); }

  Program program_;
  const Surroundings& around_;
  CLI::App app_;
  Typed typed_;
  LogSettings log_;
};

int CommandLine::run(std::vector<std::string> arguments) {
  bind_own_settings();
  declare();
  // CLI11 takes arguments from the back.
  std::reverse(arguments.begin(), arguments.end());
  try {
    app_.parse(std::move(arguments));
  } catch (const CLI::ParseError& error) {
    return app_.exit(error, around_.out, around_.err) == kOk ? kOk : kUsage;
  }
  return dispatch();
}

void CommandLine::bind_own_settings() {
  Settings& settings = program_.settings;
  EngineOptions& engine = program_.process.engine;
  settings.bind("engine.message_timeout", engine.message_timeout,
                "a message that makes no progress for this long is failed", {1ms, 24h});
  settings.bind("engine.block_tuples", engine.block_tuples, "tuples handed over at once",
                {1, 65'536});
  settings.bind("engine.blocks_per_lane", engine.blocks_per_lane,
                "blocks that may wait between two tasks", {1, 65'536});
  settings.bind_bytes("engine.max_in_flight_bytes", engine.max_in_flight_bytes,
                      "bytes of messages in flight, per topology", {1, std::uint64_t{1} << 50});
  settings.bind("engine.linger", engine.linger,
                "longest time that a busy producer keeps a part-filled block", {0s, 1s});
  settings.bind("engine.spins_before_sleep", engine.spins_before_sleep,
                "times that an idle thread looks again before it sleeps", {0, 1'000'000});
  settings.bind("engine.pin_threads", engine.pin_threads,
                "binds each thread to a core: for one busy topology on cores of its own");
  ControlPlaneOptions& control = program_.process.control;
  settings.bind("control.address", control.address, "numeric address of the control plane");
  settings.bind("control.port", control.port, "its port; 0 is any free one");
  settings.bind("control.allow_remote", control.allow_remote,
                "whether its address may be another than loopback without TLS");
  settings.bind("control.open_reading", control.open_reading,
                "whether reading needs no token from other machines either");
  settings.bind("control.tls.certificate", control.certificate_file,
                "PEM file; with control.tls.key the control plane speaks https");
  settings.bind("control.tls.key", control.key_file, "PEM file, without passphrase");
  settings.bind("control.token", control.token, "what lets somebody change something through it");
  settings.bind("control.token_file", control.token_file,
                "file that holds the token, made when it is not there; empty: PROGRAM.token in the "
                "state directory");
  settings.bind("control.audit_file", control.audit_file,
                "file of who changed what through it; empty: PROGRAM.audit.jsonl there");
  settings.bind("control.ready.max_stuck", control.health.max_stuck,
                "a thread that does not come back for this long makes the process unready");
  settings.bind("control.ready.max_lag", control.health.max_lag,
                "records that a topology may be behind in a process that is ready");
  settings.bind("control.live.max_stuck", control.health.max_stuck_alive,
                "a thread that does not come back for this long makes /livez say no; 0: never");
  TraceOptions& trace = program_.process.trace;
  settings.bind(
      "trace.export", trace.to,
      "where traces go: an OTLP/HTTP endpoint, http://127.0.0.1:4318/v1/traces, or "
      "file:NAME.jsonl (for Jaeger) or file:NAME.json (for Perfetto); empty: nowhere, and "
      "nothing is traced",
      {"http", "https", "file"});
  settings.bind("trace.sample", trace.sample,
                "share of messages that are traced, beside those whose record says so", {0.0, 1.0});
  settings.bind("shutdown.timeout", program_.process.shutdown_timeout,
                "longest drain after SIGTERM", {0s, 24h});
  settings.bind("log.level", log_.level, "least severe lines that are written", kLevels);
  settings.bind("log.format", log_.format, "auto is logfmt on a terminal, else json", kFormats);
}

// A program's own command of the same name stands.
void CommandLine::add_remote_commands() {
  for (Command& remote : remote_commands())
    if (std::none_of(program_.commands.begin(), program_.commands.end(),
                     [&](const Command& own) { return own.name == remote.name; }))
      program_.commands.push_back(std::move(remote));
}

void CommandLine::declare() {
  app_.fallthrough();  // `run --set a=b` is `--set a=b run`
  app_.require_subcommand(1);
  app_.footer(kExitCodes);
  app_.add_option("-c,--config", typed_.input.files, "YAML file with settings; later ones win")
      ->allow_extra_args(false)
      ->type_name("FILE");
  app_.add_option("-s,--set", typed_.input.assignments, "one setting; see the command config")
      ->allow_extra_args(false)
      ->type_name("NAME=VALUE");
  app_.add_option("--log-level", typed_.log_level, "debug, info, warn or error: setting log.level");
  app_.add_option("--log-format", typed_.log_format, "auto, logfmt or json: setting log.format");
  if (program_.assemble) {
    app_.add_subcommand("run", "run until finished, SIGTERM or SIGINT");
    app_.add_subcommand("validate", "check configuration and wiring, touching nothing");
    app_.add_subcommand("graph", "print the topologies")
        ->add_option("--format", typed_.graph_format, "text, dot or json")
        ->check(CLI::IsMember(kGraphFormats));
    add_remote_commands();
  }
  app_.add_subcommand("config", "print the effective settings and where they come from");
  app_.add_subcommand("version", "print the version");
  app_.add_subcommand("completion", "print a script that completes commands and options in bash");
  app_.add_subcommand("manual", "print the manual page: PROGRAM manual | man -l -");
  for (const Command& command : program_.commands) {
    BORA_CHECK(command.run != nullptr, "command " + command.name + " does nothing");
    CLI::App* sub = app_.add_subcommand(command.name, command.about);
    if (command.declare) command.declare(*sub);
  }
}

int CommandLine::dispatch() {
  if (is_called("version")) {
    around_.out << program_.name << ' ' << program_.version << " (Bora " << version() << ", "
                << compiler() << ")\n";
    return kOk;
  }
  if (is_called("completion") || is_called("manual")) {
    around_.out << (is_called("manual") ? manual_page(app_, program_.version)
                                        : bash_completion(app_));
    return kOk;
  }
  if (const int code = load_settings(); code != kOk) return code;
  if (is_called("config")) return config();
  for (const Command& command : program_.commands)
    if (is_called(command.name)) return with_log(command.run);
  if (is_called("validate")) return validate();
  if (is_called("graph")) return graph();
  Assembly assembly;
  if (const int code = assemble(assembly); code != kOk) return code;
  return with_log([&](Invocation& invocation) { return serve(invocation, std::move(assembly)); });
}

int CommandLine::load_settings() {
  typed_.input.environment = around_.environment;
  std::vector<std::string> faults = load(program_.settings, typed_.input);
  const auto set = [&](const std::string& name, const std::string& text,
                       const std::string& origin) {
    if (text.empty()) return;
    if (Status status = program_.settings.set(name, text, origin); !status)
      faults.push_back(status.error().message);
  };
  set("log.level", typed_.log_level, "--log-level");
  set("log.format", typed_.log_format, "--log-format");
  return faults.empty() ? kOk : fault(faults);
}

int CommandLine::fault(const std::vector<std::string>& faults) {
  around_.err << program_.name << ": " << faults.size()
              << (faults.size() == 1 ? " fault" : " faults") << " in the configuration\n";
  for (const std::string& text : faults)
    around_.err << "  " << text << '\n';
  return kUsage;
}

int CommandLine::assemble(Assembly& assembly) {
  const Status status = program_.assemble(assembly);
  if (status) return kOk;
  around_.err << program_.name << ": " << status.message() << '\n';
  return kUsage;
}

int CommandLine::validate() {
  Assembly assembly;
  if (const int code = assemble(assembly); code != kOk) return code;
  for (const Topology* topology : assembly.topologies()) {
    for (const std::string& warning : topology->warnings())
      around_.out << "warning: topology " << topology->name() << ": " << warning << '\n';
    around_.out << "topology " << topology->name() << ": " << topology->nodes().size()
                << " components, in order\n";
  }
  around_.out << "configuration in order\n";
  return kOk;
}

int CommandLine::graph() {
  Assembly assembly;
  if (const int code = assemble(assembly); code != kOk) return code;
  const auto topologies = assembly.topologies();
  if (typed_.graph_format == "dot")
    around_.out << graph_as_dot(topologies);
  else if (typed_.graph_format == "json")
    around_.out << graph_as_json(topologies);
  else
    around_.out << graph_as_text(topologies);
  return kOk;
}

// The output is a configuration file again, save for masked secrets.
int CommandLine::config() {
  for (const Settings::Entry& entry : program_.settings.entries()) {
    around_.out << "# " << entry.about << " (" << entry.type << ")\n";
    // Of a map that has no value yet there is nothing to set.
    around_.out << (entry.name.ends_with('*') ? "# " : "") << entry.name << ": ";
    // Single quotes keep YAML from seeing anything in a text; inside them they are doubled.
    around_.out << '\'';
    for (const char c : entry.value)
      around_.out << (c == '\'' ? "''" : std::string(1, c));
    around_.out << "'  # " << entry.origin << '\n';
  }
  return kOk;
}

int CommandLine::with_log(const std::function<int(Invocation&)>& command) {
  Log log{log_options()};
  Invocation invocation{log, program_.process, around_.out};
  return command(invocation);
}

LogOptions CommandLine::log_options() const {
  LogOptions options;
  const auto level = std::find(kLevels.begin(), kLevels.end(), log_.level);
  options.level = static_cast<LogLevel>(level - kLevels.begin());
  const bool is_json =
      log_.format == "json" || (log_.format == "auto" && ::isatty(STDERR_FILENO) == 0);
  options.format = is_json ? LogFormat::kJson : LogFormat::kLogfmt;
  options.clock = program_.process.engine.clock;
  return options;
}

}  // namespace

int run_command_line(std::vector<std::string> arguments, Program program,
                     const Surroundings& surroundings) {
  return CommandLine{std::move(program), surroundings}.run(std::move(arguments));
}

}  // namespace bora::host
