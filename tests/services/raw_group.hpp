#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <iosfwd>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "connectors/kafka/topics.hpp"
#include "e2e/program.hpp"
#include "support/temporary_directory.hpp"

namespace bora::services {

/// Processes of the program `raw` in one consumer group, on a topic of their own; each has an archive,
/// which outlives it.
/// Threads: single-owner. Fails: aborts the test when the topic cannot be made or an archive not read.
class RawGroup {
 public:
  static constexpr std::uint32_t kPartitions = 6;
  struct Options {
    std::string brokers;
    std::size_t processes = 1;
    std::optional<std::uint32_t> replication = std::nullopt;
    std::vector<std::string> settings = {};  ///< name=value, for all of them.
  };
  explicit RawGroup(Options options);

  [[nodiscard]] const std::string& topic() const noexcept { return topic_; }
  [[nodiscard]] std::filesystem::path directory() const { return directory_.path(); }

  void start(std::size_t process);
  [[nodiscard]] e2e::Program& program(std::size_t process) { return *members_[process].program; }
  [[nodiscard]] bool is_running(std::size_t process) const {
    return members_[process].program != nullptr;
  }
  void kill(std::size_t process);
  /// By SIGTERM. Returns the exit code, -1 when it does not end.
  int stop(std::size_t process);

  /// By partition, 0 for what was never committed. Empty when the brokers did not tell.
  [[nodiscard]] std::vector<std::int64_t> committed();
  /// By partition. Empty when the brokers did not tell.
  [[nodiscard]] std::vector<std::int64_t> ends();

  struct Archived {
    std::array<std::set<std::int64_t>, kPartitions> offsets;
    std::uint64_t entries = 0;   ///< In all archives together.
    std::uint64_t as_a_set = 0;  ///< As `raw store count` over all of them says.
  };
  /// Everything in all archives, also those of processes that run.
  [[nodiscard]] Archived archived() const;

 private:
  struct Member {
    std::filesystem::path archive;
    std::unique_ptr<e2e::Program> program;
  };

  const Options options_;
  const std::string topic_;
  testing::TemporaryDirectory directory_;
  std::unique_ptr<kafka::TopicAdmin> admin_;
  std::vector<Member> members_;
};

/// How many offsets below `next`, by partition, are not archived.
[[nodiscard]] std::uint64_t missing_below(const std::vector<std::int64_t>& next,
                                          const RawGroup::Archived& archived);

/// The longest time that the commits of a partition stood still while there was something to commit.
class Pauses {
 public:
  void look(const std::vector<std::int64_t>& committed, const std::vector<std::int64_t>& ends);
  void print(std::ostream& out) const;

 private:
  using SteadyTime = std::chrono::steady_clock::time_point;
  struct Partition {
    std::int64_t committed = -1;
    SteadyTime since = std::chrono::steady_clock::now();
    SteadyTime::duration longest{};
  };
  std::array<Partition, RawGroup::kPartitions> partitions_;
};

/// What an environment variable says, for tests that scripts run in a long form.
[[nodiscard]] std::uint64_t from_environment(const char* name, std::uint64_t otherwise);

}  // namespace bora::services
