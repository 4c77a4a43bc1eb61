// A disk that fails for a while under the archive, and under the whole topology.

#include <atomic>
#include <cerrno>
#include <chrono>
#include <optional>
#include <string>
#include <sys/syscall.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include <catch2/catch.hpp>

#include "support/raw_process.hpp"
#include "support/raw_records.hpp"
#include "support/topic_log_fixture.hpp"
#include "topologies/raw/archive.hpp"

namespace {

/// What the disk answers to writes; 0 when it takes them.
std::atomic<int> disk_error{0};
std::atomic<int> refused_writes{0};

}  // namespace

/// Stands in for the C library's, also for RocksDB: the smallest disk that fails when told to. A write
/// that fails has left half of its bytes behind, as a full disk does.
extern "C" ssize_t write(int file, const void* bytes, size_t size) {
  const int error = file > STDERR_FILENO ? disk_error.load() : 0;
  const size_t taken = error == 0 ? size : size / 2;
  const ssize_t written = ::syscall(SYS_write, file, bytes, taken);
  if (error == 0) return written;
  ++refused_writes;
  errno = error;
  return -1;
}

using namespace bora;
using namespace bora::raw;
using namespace bora::raw::testing;
using namespace std::chrono_literals;

namespace {

std::vector<ArchiveEntry> entries(std::int64_t from, std::int64_t to) {
  std::vector<ArchiveEntry> batch;
  for (std::int64_t offset = from; offset < to; ++offset)
    batch.push_back({.device_id = coldchain::DeviceId{static_cast<std::uint64_t>(offset % 7)},
                     .inserted = from_millis(1000 + offset),
                     .measured = from_millis(offset),
                     .partition = 0,
                     .offset = offset,
                     .message = "a message"});
  return batch;
}

void check_count(const ArchiveReader& reader, std::uint64_t expected) {
  const auto count = reader.count();
  const auto recount = reader.recount();
  REQUIRE(count);
  REQUIRE(recount);
  CHECK(*count == expected);
  CHECK(*recount == expected);
}

}  // namespace

TEST_CASE("an archive whose disk fails refuses, and goes on by itself when the disk does") {
  const int error = GENERATE(ENOSPC, EIO);
  const log::testing::ScratchDirectory directory;
  const auto archive = Archive::open({.path = directory.path()});
  REQUIRE(archive);
  const ArchiveReader& reader = (*archive)->reader();
  REQUIRE((*archive)->put(entries(0, 100)));
  std::optional<ArchiveScan> scan{reader.scan(coldchain::DeviceId{3})};
  REQUIRE(scan->next());

  disk_error = error;
  const Status refused = (*archive)->put(entries(100, 200));
  const Status refused_again = (*archive)->put(entries(100, 200));
  disk_error = 0;
  REQUIRE_FALSE(refused);
  CHECK(refused.is_retryable());
  CHECK_THAT(std::string{refused.message()},
             Catch::Contains(error == ENOSPC ? "disk is full" : "check the disk"));
  CHECK(refused_again.is_retryable());
  CHECK(reader.count().status().is_retryable());
  CHECK(reader.scan(coldchain::DeviceId{3}).status().is_retryable());

  // Who reads keeps the database from being opened again, and reads on.
  CHECK(scan->next());
  const Status waits = (*archive)->put(entries(100, 200));
  CHECK(waits.is_retryable());
  CHECK_THAT(std::string{waits.message()}, Catch::Contains("those who still read it"));
  scan.reset();

  REQUIRE((*archive)->put(entries(100, 200)));
  check_count(reader, 200);
  REQUIRE((*archive)->put(entries(150, 250)));
  check_count(reader, 250);
}

TEST_CASE("raw: a disk that fails for a while costs time, and not one record") {
  const log::testing::ScratchDirectory directory;
  constexpr std::uint64_t kReports = 200'000;
  RawProcess process{directory.path()};
  const std::vector<Record> records = reports(0, kReports);
  process.append(records);
  RawOptions options = options_of();
  options.spout.retry.max_outage_backoff = 50ms;
  process.run(options);
  REQUIRE(wait_until([&] { return *process.reader().count() > 1'000; }));
  disk_error = ENOSPC;
  REQUIRE(wait_until([] { return refused_writes > 0; }));
  CHECK(wait_until([&] { return process.reader().count().status().is_retryable(); }));
  std::this_thread::sleep_for(500ms);
  disk_error = 0;
  REQUIRE(process.wait_until_through());
  check_count(process.reader(), kReports);
  CHECK(process.running().metrics().errors.size() > 0);
  for (const log::TopicStats& topic : process.log().stats().topics)
    CHECK(topic.topic != "reports.dlq");  // made with the first dead letter
  CHECK(process.stop().drained);
}
