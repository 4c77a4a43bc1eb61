#include "topologies/raw/commands.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include <CLI/CLI.hpp>

#include "bora/clock.hpp"
#include "host/signals.hpp"
#include "topologies/coldchain/time_text.hpp"
#include "topologies/raw/archive.hpp"
#include "topologies/raw/replay.hpp"
#include "topologies/raw/store_text.hpp"

namespace bora::raw {
namespace {

using coldchain::DeviceId;

/// What was typed. Shared by the two functions of a command: one declares, the other reads.
struct Typed {
  std::string archive;
  std::uint64_t device = 0;
  std::string from;
  std::string to;
  std::string format = "jsonl";
  std::string topic;
  double rate = 0;
  bool is_scan = false;
};

std::string fault_of_time(const std::string& text) {
  return std::string{coldchain::parse_time(text).status().message()};
}

/// Requires: the text was checked with fault_of_time(), or is empty.
WallTime time_or(const std::string& text, WallTime otherwise) {
  return text.empty() ? otherwise : *coldchain::parse_time(text);
}

void declare_archive(CLI::App& command, Typed& typed) {
  command
      .add_option("--archive", typed.archive, "directory of the archive; default: as configured")
      ->type_name("DIR");
}

/// Returns --from and --to.
std::pair<CLI::Option*, CLI::Option*> declare_range(CLI::App& command, Typed& typed) {
  command.add_option("--device", typed.device, "id of the device")
      ->required()
      ->check(CLI::NonNegativeNumber)  // CLI11 would wrap -1 around
      ->type_name("ID");
  const auto declare_time = [&](const char* name, std::string& into, const char* about) {
    return command.add_option(name, into, about)->check(fault_of_time)->type_name("TIME");
  };
  return {declare_time("--from", typed.from, "inserted at or after: ms since 1970 or RFC 3339"),
          declare_time("--to", typed.to, "inserted before")};
}

Result<std::unique_ptr<ArchiveReader>> open_archive(const Typed& typed,
                                                    const CommandSources& sources) {
  return ArchiveReader::open(typed.archive.empty() ? sources.archive()
                                                   : std::filesystem::path{typed.archive});
}

Status run_store(const Typed& typed, const CommandSources& sources, std::ostream& out) {
  const auto archive = open_archive(typed, sources);
  if (!archive) return archive.status();
  if (!typed.is_scan) return write_count(**archive, out);
  const ScanRequest request{.device_id = DeviceId{typed.device},
                            .from = time_or(typed.from, WallTime::min()),
                            .to = time_or(typed.to, WallTime::max())};
  return write_scan(**archive, request, out).status();
}

Status run_replay(const Typed& typed, const CommandSources& sources, host::Log& log) {
  const auto archive = open_archive(typed, sources);
  if (!archive) return archive.status();
  const ReplayRequest request{.device_id = DeviceId{typed.device},
                              .from = time_or(typed.from, WallTime::min()),
                              .to = time_or(typed.to, WallTime::max()),
                              .topic = typed.topic,
                              .rate = typed.rate};
  std::atomic<bool> is_stopping{false};
  const host::SignalWatch signals{[&](std::uint32_t) { is_stopping = true; }};
  const SystemClock clock;
  const ReplayEnvironment environment{
      .clock = clock,
      .wait = [](std::chrono::nanoseconds time) { std::this_thread::sleep_for(time); },
      .is_stopping = [&] { return is_stopping.load(); },
      .on_progress =
          [&](const ReplayProgress& progress) {
            log.info("replaying", {{"topic", typed.topic},
                                   {"sent", progress.sent},
                                   {"delivered", progress.delivered}});
          }};
  return sources.with_topics([&](RecordSink& sink) -> Status {
    const auto progress = replay(**archive, sink, request, environment);
    if (!progress) return progress.status();
    if (!progress->was_stopped) return {};
    return {ErrorKind::kClosed,
            "stopped after " + std::to_string(progress->delivered) + " records"};
  });
}

int exit_code(const Status& status, const char* what, host::Log& log) {
  if (status) return 0;
  log.error(what, {{"error", status.message()}});
  return 1;
}

}  // namespace

host::Command store_command(CommandSources sources) {
  const auto typed = std::make_shared<Typed>();
  host::Command command;
  command.name = "store";
  command.about = "read the archive, also while its owner runs";
  command.declare = [typed](CLI::App& app) {
    app.require_subcommand(1);
    CLI::App& count = *app.add_subcommand("count", "print the number of entries");
    declare_archive(count, *typed);
    CLI::App& scan = *app.add_subcommand("scan", "print the entries of a device, oldest first");
    declare_archive(scan, *typed);
    declare_range(scan, *typed);
    scan.add_option("--format", typed->format, "jsonl: one JSON object a line")
        ->check(CLI::IsMember({"jsonl"}));
    scan.callback([typed] { typed->is_scan = true; });
  };
  command.run = [typed, sources = std::move(sources)](host::Invocation& invocation) {
    return exit_code(run_store(*typed, sources, invocation.out), "the archive could not be read",
                     invocation.log);
  };
  return command;
}

host::Command replay_command(CommandSources sources) {
  const auto typed = std::make_shared<Typed>();
  host::Command command;
  command.name = "replay";
  command.about = "write archived messages of a device into a topic again";
  command.declare = [typed](CLI::App& app) {
    declare_archive(app, *typed);
    const auto [from, to] = declare_range(app, *typed);
    from->required();
    to->required();
    app.add_option("--into", typed->topic, "topic to write to")->required()->type_name("TOPIC");
    app.add_option("--rate", typed->rate, "records a second; 0: as fast as they are taken")
        ->check(CLI::NonNegativeNumber);
  };
  command.run = [typed, sources = std::move(sources)](host::Invocation& invocation) {
    return exit_code(run_replay(*typed, sources, invocation.log), "the replay did not end",
                     invocation.log);
  };
  return command;
}

}  // namespace bora::raw
