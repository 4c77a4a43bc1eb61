#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "bora/record.hpp"
#include "connectors/kafka/kafka_sink.hpp"
#include "connectors/kafka/topics.hpp"
#include "e2e/program.hpp"
#include "services/chain_plan.hpp"
#include "support/temporary_directory.hpp"

namespace bora::services {

/// The topologies from reports to alerts, each a process of its own, on topics that no other test run
/// uses: in Kafka, where their names begin with prefix(), or in an embedded log.
/// Threads: single-owner. Fails: aborts the test when the broker does not do as it is told.
class Chain {
 public:
  enum class Topics : std::uint8_t {
    kKafka,
    /// One directory: a single process at a time, and publish() and read() only while none runs.
    kEmbedded,
  };
  struct Options {
    Topics topics = Topics::kKafka;
    std::string series = {};  ///< Setting of `datapoints`; empty: embedded.
    std::string state = {};   ///< Setting of `thresholds` and `alerts`; empty: embedded.
    /// Setting of these for each; null: the log file that notified() reads.
    std::function<std::string(const std::string& program)> notify = {};
    std::string commit_every = "1s";         ///< Of the topologies.
    std::vector<std::string> settings = {};  ///< name=value, for all processes.
    std::string window = "3s";               ///< Of `datapoints`.
  };
  explicit Chain(Options options);

  [[nodiscard]] const std::string& prefix() const noexcept { return prefix_; }
  [[nodiscard]] std::filesystem::path directory() const { return directory_.path(); }

  /// `program create` of its topics, as a user would. The exit code.
  int create_topics(const std::string& program);
  void start(const std::string& program);
  /// False when it is not ready by then, or has ended.
  [[nodiscard]] bool wait_until_ready(const std::string& program);
  void kill(const std::string& program) { processes_.at(program)->kill(); }
  /// Resident memory of the process, in bytes: now, and the most that it ever had.
  [[nodiscard]] std::uint64_t memory_of(const std::string& program) const;
  [[nodiscard]] std::uint64_t peak_memory_of(const std::string& program) const;
  /// What its control plane answers to GET `path`, whatever the status; empty when nobody answers.
  [[nodiscard]] std::string asked(const std::string& program, const std::string& path) const;
  /// By SIGTERM. The exit code, -1 when it does not end.
  int stop(const std::string& program);
  /// All that its runs wrote.
  [[nodiscard]] std::string log_of(const std::string& program) const;
  [[nodiscard]] std::vector<std::string> settings_of(const std::string& program) const;

  /// Writes the records into the topic; returns when all are acknowledged, false when that takes over a
  /// minute.
  [[nodiscard]] bool publish(const std::string& topic, const std::vector<Record>& records);
  /// The whole topic, a partition after the other.
  [[nodiscard]] std::vector<Record> read(const std::string& topic);
  /// How many records the group, named like its program, has not committed. Of an embedded log: as the
  /// running process says.
  [[nodiscard]] std::uint64_t lag(const std::string& topic, const std::string& group);
  /// False when it takes longer.
  [[nodiscard]] bool wait_until_done(const std::string& topic, const std::string& group,
                                     std::chrono::seconds patience);
  /// Some of what it has to do is done: more is written than when this was called. False after a minute.
  [[nodiscard]] bool wait_until_working(const std::string& program);
  /// Every topology has done all that is in its topic.
  [[nodiscard]] bool wait_until_through(std::chrono::seconds patience);

  /// What stands in the embedded series store, which nobody may have open.
  [[nodiscard]] Points embedded_points() const;
  /// What the KairosDB of scripts/services has of these devices.
  [[nodiscard]] static Points kairos_points(const Cast& cast);
  /// Idempotency keys of what was notified, and how often.
  [[nodiscard]] Tally notified() const;

 private:
  [[nodiscard]] bool is_embedded() const noexcept { return options_.topics == Topics::kEmbedded; }
  [[nodiscard]] std::filesystem::path log_path() const { return directory() / "topics"; }
  /// A number of the running program's /metrics; nothing when it is not there.
  [[nodiscard]] std::optional<double> metric(const std::string& program,
                                             const std::string& name_and_labels) const;
  /// Grows while the program works.
  [[nodiscard]] std::uint64_t work_of(const std::string& program);

  const Options options_;
  const std::string prefix_;
  testing::TemporaryDirectory directory_;
  std::unique_ptr<kafka::TopicAdmin> admin_;
  std::unique_ptr<kafka::KafkaSink> sink_;
  std::map<std::string, std::unique_ptr<e2e::Program>> processes_;
  std::map<std::string, std::uint64_t> worked_;  ///< As wait_until_working() saw it last.
};

}  // namespace bora::services
