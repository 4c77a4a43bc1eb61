#include <sstream>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "host/command_line.hpp"
#include "support/memory_broker.hpp"
#include "support/memory_sink.hpp"
#include "support/temporary_directory.hpp"
#include "topologies/raw/archive.hpp"
#include "topologies/raw/commands.hpp"

using namespace bora;
using namespace bora::raw;
using coldchain::DeviceId;

namespace {

/// A program with the commands of raw, an archive with two entries of device 7 that its owner holds
/// open, and a topic in memory.
struct Fixture {
  Fixture() {
    broker.create_topic("again", 1);
    archive = *Archive::open(
        {.path = directory.path(), .durability = ArchiveOptions::Durability::kUnsynced});
    std::vector<ArchiveEntry> entries(2);
    for (std::size_t i = 0; i < entries.size(); ++i) {
      entries[i].device_id = DeviceId{7};
      entries[i].inserted = from_millis(1466380800000 + static_cast<std::int64_t>(1000 * i));
      entries[i].offset = static_cast<std::int64_t>(i);
      entries[i].message = "{}";
    }
    BORA_CHECK(archive->put(entries).is_ok(), "the archive did not take the entries");
  }

  int run(std::vector<std::string> arguments) {
    const CommandSources sources{.archive = [this] { return directory.path(); },
                                 .with_topics =
                                     [this](const std::function<Status(RecordSink&)>& use) {
                                       test::MemorySink sink{broker};
                                       return use(sink);
                                     }};
    host::Program program;
    program.name = "raw";
    program.commands = {store_command(sources), replay_command(sources)};
    out.str("");
    err.str("");
    return host::run_command_line(std::move(arguments), std::move(program), {out, err, {}});
  }

  testing::TemporaryDirectory directory;
  std::unique_ptr<Archive> archive;
  test::MemoryBroker broker;
  std::ostringstream out;
  std::ostringstream err;
};

}  // namespace

TEST_CASE("raw store reads an archive that its owner has open") {
  Fixture f;
  CHECK(f.run({"store", "count"}) == 0);
  CHECK(f.out.str() == "2\n");
  CHECK(f.run({"store", "scan", "--device", "7", "--from", "2016-06-20T00:00:01Z", "--format",
               "jsonl"}) == 0);
  CHECK(f.out.str() ==
        "{\"device\":7,\"inserted\":1466380801000,\"partition\":0,\"offset\":1,\"message\":{}}\n");
  CHECK(f.run({"store", "scan", "--device", "7", "--to", "1466380801000"}) == 0);
  CHECK(f.out.str().find("\"offset\":0") != std::string::npos);
  CHECK(f.run({"store", "scan", "--device", "8"}) == 0);
  CHECK(f.out.str().empty());
}

TEST_CASE("raw replay writes a range of an archive into a topic") {
  Fixture f;
  CHECK(f.run({"replay", "--device", "7", "--from", "0", "--to", "2016-06-20T00:00:01Z", "--into",
               "again"}) == 0);
  CHECK(f.broker.records("again").size() == 1);
}

TEST_CASE("wrong usage of raw's commands is exit code 2 with the reason") {
  Fixture f;
  CHECK(f.run({"store"}) == 2);
  CHECK(f.run({"store", "scan"}) == 2);
  CHECK(f.err.str().find("--device") != std::string::npos);
  CHECK(f.run({"store", "scan", "--device", "-1"}) == 2);
  CHECK(f.run({"store", "scan", "--device", "7", "--from", "noon"}) == 2);
  CHECK(f.err.str().find("is no time") != std::string::npos);
  CHECK(f.run({"store", "scan", "--device", "7", "--format", "xml"}) == 2);
  CHECK(f.run({"replay", "--device", "7", "--from", "0", "--to", "1"}) == 2);
  CHECK(f.run({"replay", "--device", "7", "--from", "0", "--to", "1", "--into", "again", "--rate",
               "-1"}) == 2);
  CHECK(f.broker.records("again").empty());
}

TEST_CASE("an archive that is not there is exit code 1") {
  Fixture f;
  CHECK(f.run({"store", "count", "--archive", (f.directory.path() / "nothing").string()}) == 1);
  CHECK(f.out.str().empty());
}
