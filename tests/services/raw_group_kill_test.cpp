// Processes of `raw` in one consumer group, killed under load: what is archived, what is committed.
// By hand, longer: scripts/kafka-kill-test.

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

#include <catch2/catch.hpp>

#include "bora/check.hpp"
#include "connectors/kafka/topics.hpp"
#include "e2e/program.hpp"
#include "support/services.hpp"
#include "support/temporary_directory.hpp"
#include "topologies/raw/archive_set.hpp"

using namespace bora;
using namespace std::chrono_literals;

namespace {

using SteadyTime = std::chrono::steady_clock::time_point;

constexpr std::uint32_t kPartitions = 6;
constexpr std::size_t kProcesses = 3;  // and one more that joins and leaves
constexpr std::chrono::milliseconds kLook{200};

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

/// One process of the group, and its archive, which outlives it.
struct Member {
  std::filesystem::path archive;
  std::unique_ptr<e2e::Program> program;
};

class Group {
 public:
  Group() : topic_("raw-kill-" + std::to_string(::getpid())), brokers_(testing::kafka_brokers()) {
    auto admin = kafka::TopicAdmin::make({.brokers = brokers_});
    BORA_CHECK(admin.is_ok(), "no admin client");
    admin_ = *std::move(admin);
    must(admin_->create({.name = topic_, .partitions = kPartitions}));
    must(admin_->create({.name = topic_ + ".dlq", .partitions = 1}));
    for (std::size_t i = 0; i <= kProcesses; ++i)
      members_[i].archive = directory_.path() / ("archive-" + std::to_string(i));
  }

  void start(std::size_t member) {
    members_[member].program = std::make_unique<e2e::Program>(
        BORA_RAW,
        std::vector<std::string>{
            "run", "--set", "topics=kafka://" + brokers_, "--set", "raw.topic=" + topic_, "--set",
            "raw.messages=reports", "--set", "raw.group=" + topic_, "--set",
            "archive=rocksdb:" + members_[member].archive.string(), "--set", "control.port=0",
            "--set", "raw.commit_every=200ms", "--set", "kafka.session.timeout.ms=6000", "--set",
            "kafka.heartbeat.interval.ms=1000"},
        directory_.path() / ("raw-" + std::to_string(member) + ".log"));
  }
  [[nodiscard]] e2e::Program& program(std::size_t member) { return *members_[member].program; }
  [[nodiscard]] bool is_running(std::size_t member) const {
    return members_[member].program != nullptr;
  }
  void kill(std::size_t member) {
    members_[member].program->kill();
    members_[member].program.reset();
  }
  /// The exit code.
  int stop(std::size_t member) {
    members_[member].program->signal(SIGTERM);
    const auto code = members_[member].program->wait(40s);
    members_[member].program.reset();
    return code.value_or(-1);
  }
  void produce(std::uint64_t records, std::uint64_t per_second) {
    producer_ = std::make_unique<e2e::Program>(
        "/usr/bin/python3",
        std::vector<std::string>{BORA_FOREIGN_CLIENT, "produce", brokers_, topic_,
                                 std::to_string(records), std::to_string(per_second)},
        directory_.path() / "producer.log");
  }
  [[nodiscard]] bool has_produced() { return producer_->wait(0ms).has_value(); }
  [[nodiscard]] std::string producer_output() const { return producer_->output(); }

  /// By partition, 0 for what was never committed. Empty when the broker did not tell.
  [[nodiscard]] std::vector<std::int64_t> committed() {
    auto offsets = admin_->committed(topic_, topic_);
    if (!offsets) return {};
    for (std::int64_t& offset : *offsets)
      offset = std::max<std::int64_t>(offset, 0);
    return *std::move(offsets);
  }
  [[nodiscard]] std::vector<std::int64_t> ends() {
    std::vector<std::int64_t> ends;
    const auto ranges = admin_->offsets(topic_);
    for (std::size_t i = 0; ranges && i < ranges->size(); ++i)
      ends.push_back((*ranges)[i].end);
    return ends;
  }

  struct Archived {
    std::array<std::set<std::int64_t>, kPartitions> offsets;
    std::uint64_t entries = 0;   ///< In all archives together.
    std::uint64_t as_a_set = 0;  ///< As `raw store count` over all of them says.
  };
  /// Everything in all archives, also those of processes that run.
  [[nodiscard]] Archived archived() const {
    Archived all;
    std::vector<std::unique_ptr<raw::ArchiveReader>> readers;
    std::vector<const raw::ArchiveReader*> set;
    for (const Member& member : members_) {
      if (!std::filesystem::exists(member.archive / "CURRENT")) continue;
      auto reader = raw::ArchiveReader::open(member.archive);
      BORA_CHECK(reader.is_ok(), reader.status().message());
      all.entries += (*reader)->count().value();
      set.push_back(reader->get());
      readers.push_back(*std::move(reader));
    }
    if (set.empty()) return all;
    const raw::ArchiveSet archives{set};
    const auto devices = archives.devices();
    for (const coldchain::DeviceId device : devices.value()) {
      raw::ArchiveSetScan scan = archives.scan(device);
      while (scan.next()) {
        all.offsets.at(scan.entry().partition).insert(scan.entry().offset);
        ++all.as_a_set;
      }
    }
    return all;
  }

 private:
  static void must(const Status& status) { BORA_CHECK(status.is_ok(), status.message()); }

  const std::string topic_;
  const std::string brokers_;
  testing::TemporaryDirectory directory_;
  std::unique_ptr<kafka::TopicAdmin> admin_;
  std::array<Member, kProcesses + 1> members_;
  std::unique_ptr<e2e::Program> producer_;
};

/// How many offsets below what is committed are not archived.
std::uint64_t missing_below(const std::vector<std::int64_t>& committed,
                            const Group::Archived& archived) {
  std::uint64_t missing = 0;
  for (std::size_t p = 0; p < committed.size(); ++p) {
    const auto& offsets = archived.offsets.at(p);
    const auto there = std::distance(offsets.begin(), offsets.lower_bound(committed[p]));
    missing += static_cast<std::uint64_t>(committed[p] - there);
  }
  return missing;
}

/// The longest time that the commits of a partition stood still while there was something to commit.
class Pauses {
 public:
  void look(const std::vector<std::int64_t>& committed, const std::vector<std::int64_t>& ends) {
    const SteadyTime now = std::chrono::steady_clock::now();
    for (std::size_t p = 0; p < std::min(committed.size(), ends.size()); ++p) {
      Partition& at = partitions_.at(p);
      const bool stands = committed[p] == at.committed && committed[p] < ends[p];
      if (!stands) at.since = now;
      at.committed = committed[p];
      at.longest = std::max(at.longest, now - at.since);
    }
  }
  void print(std::ostream& out) const {
    out << "longest pause of commits by partition, s:";
    for (const Partition& at : partitions_)
      out << ' ' << std::chrono::duration<double>(at.longest).count();
    out << '\n';
  }

 private:
  struct Partition {
    std::int64_t committed = -1;
    SteadyTime since = std::chrono::steady_clock::now();
    SteadyTime::duration longest{};
  };
  std::array<Partition, kPartitions> partitions_;
};

}  // namespace

TEST_CASE(
    "processes of a group that are killed lose nothing, and never commit what is not archived") {
  const std::uint64_t records = from_environment("BORA_RECORDS", 20'000);
  const std::uint64_t seconds = from_environment("BORA_SECONDS", 20);
  const std::uint64_t seed = from_environment("BORA_SEED", 1);
  std::mt19937_64 dice{seed};
  const auto roll = [&](std::uint64_t most) { return dice() % (most + 1); };

  Group group;
  for (std::size_t i = 0; i < kProcesses; ++i)
    group.start(i);
  for (std::size_t i = 0; i < kProcesses; ++i)
    REQUIRE(group.program(i).wait_for("\"msg\":\"ready\"", 30s));
  group.produce(records, records / seconds);

  Pauses pauses;
  std::uint64_t kills = 0;
  std::uint64_t too_early = 0;  // committed, and not archived
  const SteadyTime begin = std::chrono::steady_clock::now();
  const auto after = [&](std::chrono::milliseconds time) {
    return std::chrono::steady_clock::now() + time;
  };
  SteadyTime next_kill = after(3s);
  SteadyTime next_restart = SteadyTime::max();
  SteadyTime next_join = after(4s);
  std::size_t victim = 0;
  bool is_through = false;
  while (!is_through) {
    std::this_thread::sleep_for(kLook);
    const SteadyTime now = std::chrono::steady_clock::now();
    const auto committed = group.committed();
    const auto ends = group.ends();
    pauses.look(committed, ends);
    const bool is_over = now - begin > std::chrono::seconds{seconds};
    if (now >= next_kill && next_restart == SteadyTime::max() && !is_over) {
      victim = roll(kProcesses - 1);
      group.kill(victim);
      ++kills;
      // What was committed before the look at the archives must be in them.
      const auto told = group.committed();
      too_early += missing_below(told, group.archived());
      next_restart = after(std::chrono::milliseconds{200 + roll(1500)});
    }
    if (now >= next_restart) {
      group.start(victim);
      next_restart = SteadyTime::max();
      next_kill = after(std::chrono::milliseconds{1500 + roll(3500)});
    }
    if (now >= next_join) {
      if (!group.is_running(kProcesses))
        group.start(kProcesses);
      else
        CHECK(group.stop(kProcesses) == 0);
      next_join = is_over ? SteadyTime::max() : after(5s);
    }
    is_through = is_over && group.has_produced() && next_restart == SteadyTime::max() &&
                 !committed.empty() && committed == ends;
    REQUIRE(now - begin < std::chrono::seconds{seconds + 120});
  }
  const auto through = std::chrono::steady_clock::now() - begin;
  for (std::size_t i = 0; i <= kProcesses; ++i)
    if (group.is_running(i)) CHECK(group.stop(i) == 0);

  INFO(group.producer_output());
  const Group::Archived archived = group.archived();
  std::uint64_t produced = 0;
  for (const std::int64_t end : group.ends())
    produced += static_cast<std::uint64_t>(end);
  std::cout << "seed " << seed << ": " << records << " records, " << kills << " kills, "
            << std::chrono::duration<double>(through).count() << " s; archived "
            << archived.as_a_set << ", in two archives " << archived.entries - archived.as_a_set
            << ", committed too early " << too_early << '\n';
  pauses.print(std::cout);
  CHECK(produced >= records);  // a foreign producer may repeat itself
  CHECK(archived.as_a_set == produced);
  CHECK(missing_below(group.ends(), archived) == 0);
  CHECK(too_early == 0);
  CHECK(kills >= 2);
}
