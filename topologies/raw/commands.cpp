#include "topologies/raw/commands.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "bora/clock.hpp"
#include "host/signals.hpp"
#include "topologies/coldchain/time_text.hpp"
#include "topologies/raw/archive_set.hpp"
#include "topologies/raw/replay.hpp"
#include "topologies/raw/store_text.hpp"

namespace bora::raw {
namespace {

using coldchain::DeviceId;

/// What was typed. Shared by the two functions of a command: one declares, the other reads.
struct Typed {
  std::vector<std::string> archives;
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
      .add_option("--archive", typed.archives,
                  "directory of an archive; several are read as one; default: as configured")
      ->allow_extra_args(false)
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

/// Archives, and what reads them as one.
struct Archives {
  std::vector<std::unique_ptr<ArchiveReader>> readers;
  [[nodiscard]] ArchiveSet set() const {
    std::vector<const ArchiveReader*> all;
    for (const auto& reader : readers)
      all.push_back(reader.get());
    return ArchiveSet{std::move(all)};
  }
};

Result<Archives> open_archives(const Typed& typed, const CommandSources& sources) {
  std::vector<std::filesystem::path> paths{typed.archives.begin(), typed.archives.end()};
  if (paths.empty()) paths.push_back(sources.archive());
  Archives archives;
  for (const std::filesystem::path& path : paths) {
    auto opened = ArchiveReader::open(path);
    if (!opened) return opened.status();
    archives.readers.push_back(*std::move(opened));
  }
  return archives;
}

Status run_store(const Typed& typed, const CommandSources& sources, std::ostream& out) {
  const auto archives = open_archives(typed, sources);
  if (!archives) return archives.status();
  if (!typed.is_scan) return write_count(archives->set(), out);
  const ScanRequest request{.device_id = DeviceId{typed.device},
                            .from = time_or(typed.from, WallTime::min()),
                            .to = time_or(typed.to, WallTime::max())};
  return write_scan(archives->set(), request, out).status();
}

Status run_replay(const Typed& typed, const CommandSources& sources, host::Log& log) {
  const auto archives = open_archives(typed, sources);
  if (!archives) return archives.status();
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
    const auto progress = replay(archives->set(), sink, request, environment);
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
