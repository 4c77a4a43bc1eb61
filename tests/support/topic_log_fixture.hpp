#pragma once

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "bora/check.hpp"
#include "bora/clock.hpp"
#include "bora/record.hpp"
#include "connectors/log/log_source.hpp"
#include "connectors/log/topic_log.hpp"

namespace bora::log::testing {

/// A fresh directory that goes with the object. In memory where the system has such a place: a disk
/// that is busy with something else would make these tests slow, and none of them cuts the power.
class ScratchDirectory {
 public:
  ScratchDirectory() {
    const std::filesystem::path memory{"/dev/shm"};
    const auto parent =
        std::filesystem::is_directory(memory) ? memory : std::filesystem::temp_directory_path();
    std::string name = (parent / "bora-log-XXXXXX").string();
    BORA_CHECK(::mkdtemp(name.data()) != nullptr, "no scratch directory");
    path_ = name;
  }
  ~ScratchDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// A clock that the test sets. The log's threads read it: set it only while nothing is queued.
class SetClock final : public Clock {
 public:
  [[nodiscard]] Instant now() const noexcept override { return {}; }
  [[nodiscard]] WallTime wall_now() const noexcept override { return wall; }
  WallTime wall = from_millis(1'000'000);
};

/// A log in a scratch directory that can be opened again. Unsynced unless the test says otherwise: no
/// test here cuts the power.
struct LogFixture {
  LogFixture() {
    options.path = directory.path() / "topics";
    options.durability = Durability::kUnsynced;
  }
  TopicLog& open() {
    auto opened = TopicLog::open(options, clock);
    BORA_CHECK(opened.is_ok(), opened.status().message());
    log = std::move(*opened);
    return *log;
  }
  TopicLog& reopen() {
    log.reset();
    return open();
  }

  ScratchDirectory directory;
  SetClock clock;
  LogOptions options;
  std::unique_ptr<TopicLog> log;
};

[[nodiscard]] inline Record keyed(std::string key, std::string value) {
  Record record;
  record.key = std::move(key);
  record.value = std::move(value);
  record.timestamp = from_millis(1'700'000'000'000);
  return record;
}

[[nodiscard]] inline Record keyless(std::string value) {
  Record record = keyed("", std::move(value));
  record.key.reset();
  return record;
}

/// Appends and expects success.
inline std::vector<RecordPlace> append(TopicLog& log, std::string_view topic,
                                       const std::vector<Record>& records) {
  auto places = log.append(topic, records);
  BORA_CHECK(places.is_ok(), places.status().message());
  return std::move(*places);
}

/// Everything that a partition keeps.
[[nodiscard]] inline std::vector<SourceRecord> read_all(const TopicLog& log, std::string_view topic,
                                                        std::uint32_t partition) {
  std::vector<SourceRecord> records;
  const auto read = log.read(topic, partition, 0, std::size_t{1} << 40, records);
  BORA_CHECK(read.is_ok(), read.status().message());
  return records;
}

/// A member of a group that writes down what happens to it.
class Member final : public AssignmentListener {
 public:
  struct Holding {
    std::uint32_t epoch = 0;
    std::int64_t next = 0;
  };

  Member(TopicLog& log, std::string topic, std::string group, StartAt start = StartAt::kOldest)
      : source(log, {std::move(topic), std::move(group), start}) {}
  ~Member() override { source.close(); }
  Member(const Member&) = delete;
  Member& operator=(const Member&) = delete;

  Member& open() {
    const Status opened = source.open(*this, [this] { ++wakes; });
    BORA_CHECK(opened.is_ok(), opened.message());
    return *this;
  }

  /// The records of one poll.
  std::vector<SourceRecord> poll(std::size_t max = 1'000'000) {
    std::vector<SourceRecord> records;
    const auto polled = source.poll(max, records);
    BORA_CHECK(polled.is_ok(), polled.status().message());
    BORA_CHECK(*polled == records.size(), "poll() miscounts");
    return records;
  }

  void on_assigned(std::uint32_t partition, std::uint32_t epoch, std::int64_t next) override {
    held.emplace_back(partition, Holding{epoch, next});
  }
  void on_revoked(std::uint32_t partition, std::uint32_t epoch, Leave how) override {
    for (auto it = held.begin(); it != held.end(); ++it) {
      if (it->first != partition || it->second.epoch != epoch) continue;
      if (on_leaving) on_leaving(partition, epoch);
      held.erase(it);
      ++(how == Leave::kRevoked ? revoked : lost);
      return;
    }
    BORA_CHECK(false, "revoked what was not assigned");
  }

  [[nodiscard]] const Holding* holding(std::uint32_t partition) const {
    for (const auto& [held_partition, holding] : held)
      if (held_partition == partition) return &holding;
    return nullptr;
  }
  Status commit(std::uint32_t partition, std::uint32_t epoch, std::int64_t next) {
    const std::vector<CommitRequest> requests{{partition, epoch, next}};
    return source.commit(requests);
  }

  std::vector<std::pair<std::uint32_t, Holding>> held;
  std::function<void(std::uint32_t, std::uint32_t)> on_leaving;
  std::atomic<int> wakes{0};
  int revoked = 0;
  int lost = 0;
  LogSource source;  // last: calls back into the above until it is closed
};

}  // namespace bora::log::testing
