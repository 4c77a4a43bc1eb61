#include <cerrno>
#include <chrono>
#include <csignal>
#include <map>
#include <poll.h>
#include <random>
#include <set>
#include <sstream>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "support/topic_log_fixture.hpp"

using namespace bora;
using namespace bora::log;
using namespace bora::log::testing;

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

/// A run of connectors_log_appender and what it tells.
class Appender {
 public:
  explicit Appender(std::vector<std::string> arguments) {
    int ends[2];
    BORA_CHECK(::pipe(ends) == 0, "no pipe");
    child_ = ::fork();
    BORA_CHECK(child_ >= 0, "no process");
    if (child_ == 0) {
      ::dup2(ends[1], STDOUT_FILENO);
      ::close(ends[0]);
      ::close(ends[1]);
      std::vector<char*> argv{const_cast<char*>(BORA_APPENDER)};
      for (std::string& argument : arguments)
        argv.push_back(argument.data());
      argv.push_back(nullptr);
      ::execv(BORA_APPENDER, argv.data());
      ::_exit(127);
    }
    ::close(ends[1]);
    from_child_ = ends[0];
  }
  ~Appender() {
    if (child_ > 0) kill();
    ::close(from_child_);
  }
  Appender(const Appender&) = delete;
  Appender& operator=(const Appender&) = delete;

  /// Waits for the first word, then listens for as long. False when the process ended before that.
  bool listen(milliseconds at_most_to_first, milliseconds then) {
    if (!listen_until(steady_clock::now() + at_most_to_first, /*only_first=*/true)) return false;
    return listen_until(steady_clock::now() + then, /*only_first=*/false);
  }

  void kill() {
    ::kill(child_, SIGKILL);
    finish();
  }

  /// Listens to the end. Returns the status as waitpid() gives it.
  int finish() {
    while (read_some()) {
    }
    int status = 0;
    BORA_CHECK(::waitpid(child_, &status, 0) == child_, "no such child");
    child_ = -1;
    return status;
  }

  [[nodiscard]] const std::string& told() const { return told_; }

 private:
  bool listen_until(steady_clock::time_point deadline, bool only_first) {
    for (;;) {
      const auto left = std::chrono::duration_cast<milliseconds>(deadline - steady_clock::now());
      if (left.count() <= 0) return !told_.empty();
      pollfd waiting{from_child_, POLLIN, 0};
      if (::poll(&waiting, 1, static_cast<int>(left.count())) <= 0) continue;
      if (!read_some()) return false;
      if (only_first) return true;
    }
  }

  bool read_some() {
    char buffer[1 << 16];
    const ssize_t got = ::read(from_child_, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) return true;
    if (got <= 0) return false;
    told_.append(buffer, static_cast<std::size_t>(got));
    return true;
  }

  pid_t child_ = -1;
  int from_child_ = -1;
  std::string told_;
};

/// All that was ever promised about one log.
struct Promises {
  std::map<std::pair<std::uint32_t, std::int64_t>, std::string> acked;
  std::map<std::uint32_t, std::int64_t> committed;
  std::vector<std::string> refusals;
  std::size_t read = 0;

  void add(const std::string& told) {
    std::istringstream lines{told};
    for (std::string word; lines >> word;) {
      std::uint32_t partition = 0;
      std::int64_t offset = 0;
      std::string text;
      if (word == "acked") {
        lines >> partition >> offset >> text;
        const bool is_new = acked.emplace(std::pair{partition, offset}, text).second;
        INFO("offset " << offset << " of partition " << partition << " was given out twice");
        REQUIRE(is_new);
      } else if (word == "committed") {
        lines >> partition >> offset;
        committed[partition] = offset;
      } else if (word == "read") {
        lines >> read;
      } else if (word == "refused") {
        std::getline(lines >> std::ws, text);
        refusals.push_back(text);
      } else {
        FAIL("unknown word " << word);
      }
    }
  }

  /// Every record that was acknowledged is there, dense, once; every commit holds.
  void check(TopicLog& log) const {
    const LogStats stats = log.stats();
    std::set<std::string> values;
    std::size_t found = 0;
    for (std::uint32_t p = 0; p < stats.topics.at(0).partitions.size(); ++p) {
      const auto records = read_all(log, "t", p);
      REQUIRE(static_cast<std::int64_t>(records.size()) ==
              stats.topics[0].partitions[p].end_offset);
      for (std::size_t i = 0; i < records.size(); ++i) {
        REQUIRE(records[i].position.offset == static_cast<std::int64_t>(i));
        REQUIRE(values.insert(records[i].record.value).second);
        REQUIRE(records[i].record.headers.size() == 1);
        const auto promise = acked.find({p, records[i].position.offset});
        if (promise == acked.end()) continue;  // written, but killed before the answer
        REQUIRE(promise->second == records[i].record.value);
        ++found;
      }
    }
    REQUIRE(found == acked.size());
    for (const auto& [partition, next] : committed)
      REQUIRE(stats.groups.at(0).next_offsets.at(partition) >= next);
  }
};

/// The exit code, or -1 when it did not exit.
int run_to_end(std::vector<std::string> arguments, Promises& promises) {
  Appender appender{std::move(arguments)};
  const int status = appender.finish();
  promises.add(appender.told());
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace

TEST_CASE("no acknowledged record and no committed offset is lost by kill -9 at any moment") {
  LogFixture fixture;
  Promises promises;
  std::mt19937 random{20};
  for (int round = 0; round < 10; ++round) {
    Appender appender{{"append", fixture.options.path.string(), std::to_string(round)}};
    REQUIRE(appender.listen(milliseconds{20'000}, milliseconds{20 + random() % 300}));
    appender.kill();
    const std::size_t before = promises.acked.size();
    promises.add(appender.told());
    REQUIRE(promises.acked.size() > before);
    fixture.open();
    promises.check(*fixture.log);
    fixture.log.reset();
  }
  CHECK_FALSE(promises.committed.empty());
}

TEST_CASE("a disk that fails refuses appends, harms nothing, and is used again when it works") {
  const std::string mode = GENERATE("full", "broken");
  LogFixture fixture;
  Promises promises;
  REQUIRE(run_to_end({mode, fixture.options.path.string()}, promises) == 0);
  REQUIRE(promises.refusals.size() == 6);
  for (const std::string& refusal : promises.refusals)
    CHECK_THAT(refusal, Catch::StartsWith("unavailable"));
  CHECK_THAT(promises.refusals[0],
             Catch::Contains(mode == "full" ? "disk is full" : "check the disk"));
  CHECK_THAT(promises.refusals[1], Catch::Contains(fixture.options.path.string()));
  CHECK(promises.acked.size() == 3 * 41 * 5);
  CHECK(promises.read >= promises.acked.size());
  fixture.open();
  promises.check(*fixture.log);
}
