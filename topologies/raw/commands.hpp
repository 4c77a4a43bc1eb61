#pragma once

#include <filesystem>
#include <functional>

#include "bora/record.hpp"
#include "bora/status.hpp"
#include "host/run.hpp"

namespace bora::raw {

/// Where the commands find what they work on. Called when a command runs, with the settings loaded.
struct CommandSources {
  /// The archive, unless --archive names others.
  std::function<std::filesystem::path()> archive;
  /// Opens the topics, calls `use` with a producer into them, and closes them again. Returns what
  /// `use` returned, or why the topics could not be opened.
  std::function<Status(const std::function<Status(RecordSink&)>& use)> with_topics;
};

/// `store count` and `store scan --device ID [--from T] [--to T] [--format jsonl]`: reading an archive,
/// also while its owner runs. --archive DIR, which may be repeated, names other archives than the
/// configured one; several are read as one, each entry once. T is in milliseconds since 1970 or RFC 3339.
[[nodiscard]] host::Command store_command(CommandSources sources);

/// `replay --device ID --from T --to T --into TOPIC [--rate N]`: archived messages into a topic again.
/// SIGINT and SIGTERM end it between two records; it says how far it came, and the exit code is 1.
[[nodiscard]] host::Command replay_command(CommandSources sources);

}  // namespace bora::raw
