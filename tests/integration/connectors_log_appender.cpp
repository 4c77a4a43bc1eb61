// A process for the tests of the topic log to kill. It tells on standard output what it was promised,
// one line per promise, each batch of lines in one write so that none is cut:
//   acked PARTITION OFFSET VALUE
//   committed PARTITION NEXT_OFFSET
//   refused KIND TEXT
//   read RECORDS                      all that a source saw
//
//   connectors_log_appender append DIRECTORY ROUND   appends and consumes until it is killed
//   connectors_log_appender full DIRECTORY           appends to a disk that is full for a while
//   connectors_log_appender broken DIRECTORY         appends to a disk that fails for a while

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <string>
#include <sys/syscall.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include "bora/check.hpp"
#include "connectors/log/log_source.hpp"
#include "connectors/log/topic_log.hpp"

namespace {

/// What the disk answers to writes; 0 when it takes them.
std::atomic<int> disk_error{0};

}  // namespace

/// Stands in for the C library's, also for RocksDB: the smallest disk that fails when told to. A write
/// that fails has left half of its bytes behind, as a full disk does.
extern "C" ssize_t write(int file, const void* bytes, size_t size) {
  const int error = file > STDERR_FILENO ? disk_error.load() : 0;
  const size_t taken = error == 0 ? size : size / 2;
  const ssize_t written = ::syscall(SYS_write, file, bytes, taken);
  if (error == 0) return written;
  errno = error;
  return -1;
}

namespace {

using namespace bora;
using namespace bora::log;

constexpr int kThreads = 3;
constexpr int kBatch = 5;

void tell(const std::string& lines) {
  const ssize_t written = ::write(STDOUT_FILENO, lines.data(), lines.size());
  BORA_CHECK(written == static_cast<ssize_t>(lines.size()), "could not tell");
}

std::vector<Record> batch_of(const std::string& who, int number) {
  std::vector<Record> records(kBatch);
  for (int i = 0; i < kBatch; ++i) {
    Record& record = records[static_cast<std::size_t>(i)];
    record.value = who + "-" + std::to_string(number) + "-" + std::to_string(i);
    if (i > 0) record.key = std::to_string((number + i) % 13);
    record.headers = {{"number", std::to_string(number)}};
  }
  return records;
}

Status append_and_tell(TopicLog& log, const std::vector<Record>& records) {
  const auto places = log.append("t", records);
  if (!places) return places.status();
  std::string lines;
  for (std::size_t i = 0; i < records.size(); ++i)
    lines += "acked " + std::to_string((*places)[i].partition) + " " +
             std::to_string((*places)[i].offset) + " " + records[i].value + "\n";
  tell(lines);
  return {};
}

struct NoListener final : AssignmentListener {
  void on_assigned(std::uint32_t, std::uint32_t, std::int64_t) override {}
  void on_revoked(std::uint32_t, std::uint32_t, Leave) override {}
};

void consume_and_tell(TopicLog& log) {
  NoListener listener;
  LogSource source{log, {"t", "g", StartAt::kOldest}};
  BORA_CHECK(source.open(listener, [] {}).is_ok(), "could not open the source");
  for (std::vector<SourceRecord> records;; records.clear()) {
    const auto polled = source.poll(20, records);
    BORA_CHECK(polled.is_ok(), polled.status().message());
    if (records.empty()) {
      std::this_thread::yield();
      continue;
    }
    const RecordPosition last = records.back().position;
    const std::vector<CommitRequest> requests{{last.partition, last.epoch, last.offset + 1}};
    BORA_CHECK(source.commit(requests).is_ok(), "could not commit");
    tell("committed " + std::to_string(last.partition) + " " + std::to_string(last.offset + 1) +
         "\n");
  }
}

[[noreturn]] void append_until_killed(TopicLog& log, const std::string& round) {
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t)
    threads.emplace_back([&log, who = round + "-" + std::to_string(t)] {
      for (int number = 0;; ++number) {
        const Status appended = append_and_tell(log, batch_of(who, number));
        BORA_CHECK(appended.is_ok(), appended.message());
      }
    });
  consume_and_tell(log);
  std::abort();
}

void append_until_refused(TopicLog& log, const std::string& who, int& number) {
  Status refused;
  for (const int most = number + 1000; refused.is_ok() && number < most; ++number)
    refused = append_and_tell(log, batch_of(who, number));
  BORA_CHECK(!refused.is_ok(), "the disk did not refuse");
  tell("refused " + std::string{to_string(refused.error().kind)} + " " +
       std::string{refused.message()} + "\n");
}

/// Tries until the disk takes one, as a client would; a refused record is not told about.
void append_until_taken(TopicLog& log, const std::string& who, int& number) {
  for (int attempt = 0; attempt < 500; ++attempt) {
    if (append_and_tell(log, batch_of(who, number++)).is_ok()) return;
    std::this_thread::sleep_for(std::chrono::milliseconds{10});
  }
  BORA_CHECK(false, "the disk works again and the log does not");
}

/// A source is in the middle of reading while the database goes and comes.
void append_to_failing_disk(TopicLog& log, int error) {
  NoListener listener;
  LogSource source{log, {"t", "reader", StartAt::kOldest}};
  BORA_CHECK(source.open(listener, [] {}).is_ok(), "could not open the source");
  std::vector<SourceRecord> records;
  for (int round = 0; round < 3; ++round) {
    const std::string who = "round" + std::to_string(round);
    int number = 0;
    for (; number < 20; ++number)
      BORA_CHECK(append_and_tell(log, batch_of(who, number)).is_ok(), "refused too early");
    BORA_CHECK(source.poll(7, records).is_ok(), "could not read");
    disk_error = error;
    append_until_refused(log, who, number);
    append_until_refused(log, who, number);
    disk_error = 0;
    append_until_taken(log, who, number);
    for (const int until = number + 20; number < until; ++number) {
      const Status again = append_and_tell(log, batch_of(who, number));
      BORA_CHECK(again.is_ok(), again.message());
    }
  }
  BORA_CHECK(source.poll(1'000'000, records).is_ok(), "could not read");
  tell("read " + std::to_string(records.size()) + "\n");
  source.close();
}

}  // namespace

int main(int argc, char** argv) {
  BORA_CHECK(argc >= 3, "arguments: append DIRECTORY ROUND | full DIRECTORY | broken DIRECTORY");
  const std::string mode = argv[1];
  SystemClock clock;
  LogOptions options;
  options.path = argv[2];
  options.tail_bytes_per_partition = 1000;  // readers are to meet the database, too
  auto log = TopicLog::open(options, clock);
  BORA_CHECK(log.is_ok(), log.status().message());
  if (mode == "append") append_until_killed(**log, argv[3]);
  append_to_failing_disk(**log, mode == "full" ? ENOSPC : EIO);
  // Dies without closing: what it was promised must not hang on an orderly end.
  std::_Exit(0);
}
