#include "host/remote_commands.hpp"

#include <chrono>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <memory>
#include <ostream>
#include <string>
#include <thread>
#include <unistd.h>
#include <utility>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "host/remote_process.hpp"
#include "host/remote_text.hpp"

namespace bora::host {

namespace {

using namespace std::chrono_literals;
using Json = nlohmann::ordered_json;

constexpr int kFailed = 1;
constexpr int kNotReady = 3;

/// What was typed.
struct Typed {
  std::string at;
  std::string ca_file;
  std::string format = "table";
  std::string name;
  std::string topology;
  std::uint32_t rate = 5;
  std::uint32_t count = 0;
  std::uint32_t limit = 50;
  double every = 2;
  bool follows = false;
  bool waits = true;

  [[nodiscard]] bool is_json() const noexcept { return format == "json"; }
};

bool is_terminal(const std::ostream& out) {
  return &out == &std::cout && ::isatty(STDOUT_FILENO) != 0;
}

Style style_of(const std::ostream& out) {
  const char* const no_colour = std::getenv("NO_COLOR");  // NOLINT(concurrency-mt-unsafe)
  const bool is_wanted = no_colour == nullptr || *no_colour == '\0';
  return is_wanted && is_terminal(out) ? Style::kColours : Style::kPlain;
}

/// One command at work.
struct Call {
  const Typed& typed;
  RemoteProcess& process;
  Invocation& invocation;

  [[nodiscard]] std::ostream& out() const { return invocation.out; }
  int failed(const Status& status) const {
    invocation.log.error("it cannot be done", {{"err", status.message()}});
    return kFailed;
  }
  [[nodiscard]] Result<Json> view() const { return process.get("/api/v1/topology"); }
};

using Render = std::string (*)(const Json& view, Style style);

int show(const Call& call, Render render) {
  const auto view = call.view();
  if (!view) return call.failed(view.status());
  call.out() << (call.typed.is_json() ? view->dump(2) + "\n" : render(*view, style_of(call.out())));
  return 0;
}

int show_status(const Call& call) {
  const auto view = call.view();
  if (!view) return call.failed(view.status());
  call.out() << (call.typed.is_json() ? view->dump(2) + "\n"
                                      : status_text(*view, style_of(call.out())));
  return view->value("/readiness/ready"_json_pointer, false) ? 0 : kNotReady;
}

// Live on a terminal; else one look, which takes two to have rates.
int show_top(const Call& call) {
  TopScreen screen;
  const bool is_live = is_terminal(call.out()) && !call.typed.is_json();
  const auto pause = std::chrono::duration<double>{is_live ? call.typed.every : 1.0};
  for (int looks = 1;; ++looks) {
    const auto view = call.view();
    if (!view) return call.failed(view.status());
    const std::string frame = screen.frame(*view, style_of(call.out()));
    if (call.typed.is_json()) {
      call.out() << view->dump(2) << '\n';
      return 0;
    }
    if (is_live)
      call.out() << "\x1b[H\x1b[2J" << frame << "\nCtrl-C ends\n" << std::flush;
    else if (looks == 2)
      call.out() << frame;
    if (!is_live && looks == 2) return 0;
    std::this_thread::sleep_for(pause);
  }
}

std::string tap_line(const Json& sample) {
  std::string line = sample.value("at", "");
  if (sample.contains("offset"))
    line += " " + (sample.contains("topic") ? sample.value("topic", "") + "/" : "") +
            (sample.contains("partition") ? sample["partition"].dump() + "/" : "") +
            sample["offset"].dump();
  if (sample.contains("key")) line += " " + sample["key"].dump();
  line += " " + sample.value("value", "");
  if (sample.contains("skipped")) line += " (" + sample["skipped"].dump() + " went by)";
  return line;
}

std::string log_line(const Json& line) {
  std::string text;
  for (const auto& [name, value] : line.items())
    text += (text.empty() ? "" : " ") + name + "=" + value.dump();
  return text;
}

int follow(const Call& call, const std::string& target, std::string (*text)(const Json&)) {
  std::uint32_t seen = 0;
  const Status done = call.process.follow(target, [&](std::string_view data) {
    const Json event = Json::parse(data, nullptr, false);
    call.out() << (call.typed.is_json() || event.is_discarded() ? std::string{data} : text(event))
               << '\n'
               << std::flush;
    return call.out().good() && ++seen != call.typed.count;
  });
  return done ? 0 : call.failed(done);
}

int show_logs(const Call& call) {
  const std::string limit = "?limit=" + std::to_string(call.typed.limit);
  if (call.typed.follows) return follow(call, "/api/v1/logs/stream" + limit, log_line);
  const auto answer = call.process.get("/api/v1/logs" + limit);
  if (!answer) return call.failed(answer.status());
  for (const Json& line : answer->value("lines", Json::array()))
    call.out() << (call.typed.is_json() ? line.dump() : log_line(line)) << '\n';
  return 0;
}

// For a path or a query: whatever is not surely harmless is escaped.
std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0 || c == '-' || c == '_' || c == '.') {
      out += c;
      continue;
    }
    out += '%';
    out += "0123456789ABCDEF"[byte >> 4];
    out += "0123456789ABCDEF"[byte & 15];
  }
  return out;
}

int tap(const Call& call) {
  return follow(
      call,
      "/api/v1/tap?stream=" + escaped(call.typed.name) + "&rate=" + std::to_string(call.typed.rate),
      tap_line);
}

int change_spout(const Call& call, const std::string& verb) {
  std::string target = "/api/v1/spouts/" + escaped(call.typed.name) + "/" + verb;
  if (!call.typed.topology.empty()) target += "?topology=" + escaped(call.typed.topology);
  const auto answer = call.process.post(target);
  if (!answer) return call.failed(answer.status());
  call.out() << (call.typed.is_json()
                     ? answer->dump() + "\n"
                     : answer->value("topology", "") + "/" + answer->value("spout", "") +
                           (verb == "pause" ? " is paused\n" : " goes on\n"));
  return 0;
}

int drain(const Call& call) {
  const auto answer = call.process.post("/api/v1/drain");
  if (!answer) return call.failed(answer.status());
  call.out() << (call.typed.is_json() ? answer->dump() + "\n" : "it drains, then it ends\n")
             << std::flush;
  if (!call.typed.waits) return 0;
  const auto patience = call.invocation.process.shutdown_timeout + 10s;
  const auto give_up = std::chrono::steady_clock::now() + patience;
  while (std::chrono::steady_clock::now() < give_up) {
    if (!call.process.is_there()) {
      if (!call.typed.is_json()) call.out() << "it has ended\n";
      return 0;
    }
    std::this_thread::sleep_for(200ms);
  }
  return call.failed({ErrorKind::kUnavailable, "it still runs; its log says what it waits for"});
}

using Declare = std::function<void(CLI::App& app, Typed& typed)>;
using Run = std::function<int(const Call& call)>;

Command command(std::string name, std::string about, Run run, Declare declare = {}) {
  const auto typed = std::make_shared<Typed>();  // of its two functions
  Command made;
  made.name = std::move(name);
  made.about = std::move(about);
  made.declare = [typed, declare = std::move(declare)](CLI::App& app) {
    app.add_option("--at", typed->at, "where it runs; default: where the settings have it listen")
        ->type_name("URL");
    app.add_option("--ca", typed->ca_file, "PEM file: who may sign its certificate")
        ->type_name("FILE");
    app.add_option("--format", typed->format, "table or json")
        ->check(CLI::IsMember({"table", "json"}));
    if (declare) declare(app, *typed);
  };
  made.run = [typed, run = std::move(run)](Invocation& invocation) {
    auto process = RemoteProcess::at(typed->at, typed->ca_file, invocation.process.control,
                                     invocation.process.program);
    if (!process) {
      invocation.log.error("it cannot be asked", {{"err", process.error().message}});
      return 2;
    }
    return run({*typed, *process, invocation});
  };
  return made;
}

void declare_spout(CLI::App& app, Typed& typed) {
  app.add_option("SPOUT", typed.name, "which")->required();
  app.add_option("--topology", typed.topology, "of this topology, when several have it");
}

}  // namespace

std::vector<Command> remote_commands() {
  return {
      command("status", "of a running one: whether it is ready, why not, its components",
              show_status),
      command("top", "of a running one: components by load, live on a terminal", show_top,
              [](CLI::App& app, Typed& typed) {
                app.add_option("--every", typed.every, "seconds between two looks")
                    ->check(CLI::Range(0.2, 3600.0));
              }),
      command("errors", "of a running one: the last errors of its components",
              [](const Call& call) { return show(call, errors_text); }),
      command("lag", "of a running one: how far its sources are behind",
              [](const Call& call) { return show(call, lag_text); }),
      command("logs", "of a running one: the last lines of its log", show_logs,
              [](CLI::App& app, Typed& typed) {
                app.add_option("--limit", typed.limit, "so many")->check(CLI::Range(1, 1000));
                app.add_flag("--follow", typed.follows, "and those to come");
              }),
      command(
          "tap", "of a running one: samples of what goes through a stream", tap,
          [](CLI::App& app, Typed& typed) {
            app.add_option("STREAM", typed.name, "which: \"taps\" in status --format json")
                ->required();
            app.add_option("--rate", typed.rate, "most samples a second")->check(CLI::Range(1, 50));
            app.add_option("--count", typed.count, "end after so many; 0: never");
          }),
      command(
          "pause", "of a running one: let a spout take in nothing new",
          [](const Call& call) { return change_spout(call, "pause"); }, declare_spout),
      command(
          "resume", "of a running one: let a paused spout go on",
          [](const Call& call) { return change_spout(call, "resume"); }, declare_spout),
      command("drain", "of a running one: work off what is in flight, and end it", drain,
              [](CLI::App& app, Typed& typed) {
                app.add_flag("!--no-wait", typed.waits, "do not wait until it has ended");
              }),
  };
}

}  // namespace bora::host
