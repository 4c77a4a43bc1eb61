#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "bora/check.hpp"
#include "bora/running_topology.hpp"
#include "support/raw_records.hpp"
#include "topologies/parts/log_part.hpp"
#include "topologies/raw/program.hpp"

namespace bora::raw::testing {

inline constexpr std::uint64_t kDevices = 50;
inline constexpr const char* kTopic = "reports";

inline bool wait_until(const std::function<bool()>& is_so,
                       std::chrono::seconds patience = std::chrono::seconds{60}) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (!is_so()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
  }
  return true;
}

[[nodiscard]] inline RawOptions options_of(std::uint32_t archive_tasks = 1) {
  RawOptions options;
  options.topic = kTopic;
  options.archive_tasks = archive_tasks;
  options.spout.commit_every = std::chrono::milliseconds{20};
  return options;
}

/// A process of the raw program without its command line: what it opens, and the topology. Unsynced,
/// as no test here cuts the power.
/// Threads: single-owner, and those of the topology.
class RawProcess {
 public:
  explicit RawProcess(const std::filesystem::path& directory)
      : log_({.path = directory / "topics", .durability = log::Durability::kUnsynced}, clock_),
        archive_(
            {.path = directory / "archive", .durability = ArchiveOptions::Durability::kUnsynced}) {
    must(log_.start());
    must(archive_.start());
  }
  ~RawProcess() {
    running_.reset();
    archive_.stop({});
    log_.stop({});
  }
  RawProcess(const RawProcess&) = delete;
  RawProcess& operator=(const RawProcess&) = delete;

  void run(const RawOptions& options) {
    auto topology = make_topology(
        options, {.connections = log_.connections(options.topic, options.group),
                  .archive = [this]() -> ArchiveWriter& { return archive_.archive(); }});
    must(topology.status());
    auto running = RunningTopology::start(std::move(*topology));
    must(running.status());
    running_ = std::move(*running);
  }
  StopReport stop() { return running_->stop(std::chrono::seconds{30}); }

  void append(const std::vector<Record>& records) { REQUIRE(log_.log().append(kTopic, records)); }
  /// Everything in the topic is done, and committed.
  bool wait_until_through() {
    return wait_until([this] { return lag() == std::uint64_t{0}; });
  }
  [[nodiscard]] std::optional<std::uint64_t> lag() const {
    for (const log::GroupStats& group : log_.log().stats().groups)
      if (group.topic == kTopic && group.group == "raw") return group.lag;
    return std::nullopt;
  }
  [[nodiscard]] std::int64_t committed() const {
    std::int64_t records = 0;
    for (const log::GroupStats& group : log_.log().stats().groups)
      if (group.topic == kTopic && group.group == "raw")
        for (const std::int64_t next : group.next_offsets)
          records += next;
    return records;
  }
  /// Of all tasks of a component together.
  [[nodiscard]] std::uint64_t sum(const std::string& component,
                                  std::uint64_t TaskMetricsSnapshot::*of) const {
    std::uint64_t sum = 0;
    for (const TaskMetricsSnapshot& task : running_->metrics().tasks)
      if (task.component == component) sum += task.*of;
    return sum;
  }
  [[nodiscard]] RunningTopology& running() { return *running_; }
  [[nodiscard]] log::TopicLog& log() { return log_.log(); }
  [[nodiscard]] const ArchiveReader& reader() const { return archive_.archive().reader(); }

 private:
  static void must(const Status& status) { BORA_CHECK(status.is_ok(), status.message()); }

  SystemClock clock_;
  parts::LogPart log_;
  ArchivePart archive_;
  std::unique_ptr<RunningTopology> running_;
};

/// Reports [from, to), device after device.
[[nodiscard]] inline std::vector<Record> reports(std::uint64_t from, std::uint64_t to) {
  std::vector<Record> records;
  for (std::uint64_t n = from; n < to; ++n)
    records.push_back(report_record(n % kDevices, n));
  return records;
}

}  // namespace bora::raw::testing
