#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <ostream>
#include <string>
#include <type_traits>
#include <unistd.h>
#include <vector>

#include <catch2/catch.hpp>

#include "host/settings.hpp"
#include "host/settings_input.hpp"

using namespace bora::host;
using namespace std::chrono_literals;

namespace {

// A configuration file that is removed with the test.
class File {
 public:
  File(const std::string& name, const std::string& text)
      : path_(std::filesystem::temp_directory_path() /
              ("bora_settings_" + std::to_string(::getpid()) + "_" + name)) {
    std::ofstream{path_} << text;
  }
  ~File() { std::filesystem::remove(path_); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  [[nodiscard]] std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

struct Options {
  std::string group = "raw";
  Url topics = Url::parse("log:./data").value();
  std::chrono::milliseconds linger{5};
  std::uint16_t port = 80;
  std::int32_t offset = 0;
  std::size_t cache = 1024;
  bool sync = true;
  Secret token;
};

struct Fixture {
  Options options;
  Settings settings;
  Fixture() {
    settings.bind("group", options.group, "consumer group", {"raw", "alerts"});
    settings.bind("topics", options.topics, "where the topics are", {"log", "kafka"});
    settings.bind("archive.linger", options.linger, "longest wait for a batch", {1ms, 10s});
    settings.bind("ingest.port", options.port, "port");
    settings.bind("archive.offset", options.offset, "offset", {-10, 10});
    settings.bind_bytes("archive.cache", options.cache, "cache", {1024, 1 << 20});
    settings.bind("archive.sync", options.sync, "whether to sync");
    settings.bind("notify.token", options.token, "token of the service");
  }
  Settings::Entry entry(const std::string& name) {
    for (const Settings::Entry& e : settings.entries())
      if (e.name == name) return e;
    return {.name = "none", .type = "", .about = ""};
  }
};

template <class T>
concept Printable = requires(std::ostream& out, const T& value) {
  out << value;
};

}  // namespace

TEST_CASE_METHOD(Fixture, "defaults are the values of the bound variables") {
  CHECK(load(settings, {}).empty());
  CHECK(entry("archive.linger").value == "5ms");
  CHECK(entry("archive.linger").origin == "default");
  CHECK(entry("archive.cache").value == "1KiB");
}

TEST_CASE_METHOD(Fixture,
                 "assignments win over the environment, that over files, later over earlier") {
  const File first{"first.yaml",
                   "archive:\n  linger: 10ms\n  offset: 1\n  sync: no\ningest.port: 1\n"};
  const File second{"second.yaml", "archive: {linger: 20ms, offset: 2}\n"};
  const auto faults =
      load(settings, {.files = {first.path(), second.path()},
                      .environment = {{"BORA__ARCHIVE__LINGER", "30ms"},
                                      {"BORA__INGEST__PORT", "2"},
                                      {"PATH", "/bin"}},
                      .assignments = {"archive.linger=40ms", "archive.linger=50ms"}});
  REQUIRE(faults.empty());
  CHECK(options.linger == 50ms);
  CHECK(options.port == 2);
  CHECK(options.offset == 2);
  CHECK_FALSE(options.sync);
  CHECK(entry("archive.linger").origin == "--set");
  CHECK(entry("ingest.port").origin == "BORA__INGEST__PORT");
  CHECK(entry("archive.offset").origin == second.path() + ":1");
  CHECK(entry("archive.sync").origin == first.path() + ":4");
}

TEST_CASE_METHOD(Fixture, "every fault of every source is reported at once, with its place") {
  const File file{"bad.yaml",
                  "archive:\n"
                  "  lingr: 10ms\n"         // line 2: unknown
                  "  linger: 11s\n"         // line 3: out of bounds
                  "  cache: 16\n"           // line 4: no unit
                  "group: other\n"          // line 5: no choice
                  "ingest.port: [1, 2]\n"   // line 6: a list
                  "topics: http://x\n"      // line 7: scheme
                  "archive.linger: 1s\n"};  // line 8: given twice
  const auto faults = load(settings, {.files = {file.path(), "/nowhere.yaml"},
                                      .environment = {{"BORA__ARCHVE__SYNC", "on"}},
                                      .assignments = {"archive.sync=perhaps", "nonsense"}});
  const std::string at = file.path() + ":";
  const std::vector<std::string> expected{
      at + "6: ingest.port: a list is not taken here, only one value",
      at + "8: archive.linger is already given at " + at + "3",
      at + "2: archive.lingr: there is no such setting; did you mean archive.linger?",
      at + "3: archive.linger: \"11s\" is not within 1ms and 10s",
      at + "4: archive.cache: \"16\" is not a size such as 512B, 64KiB, 16MiB or 2GiB",
      at + "5: group: \"other\" is none of raw, alerts",
      at + "7: topics: the scheme \"http\" is none of log, kafka",
      "/nowhere.yaml: cannot be read: No such file or directory",
      "BORA__ARCHVE__SYNC: archve.sync: there is no such setting; did you mean archive.sync?",
      "--set: archive.sync: \"perhaps\" is not true or false",
      "--set nonsense: write --set name=value"};
  CHECK(faults == expected);
  CHECK(options.linger == 5ms);  // untouched
}

TEST_CASE_METHOD(Fixture, "a file that is no YAML is named with the line") {
  const File file{"broken.yaml", "archive:\n  linger: [1\n"};
  const auto faults = load(settings, {.files = {file.path()}});
  REQUIRE(faults.size() == 1);
  CHECK(faults[0].find("broken.yaml:3: not YAML") != std::string::npos);
  const File list{"list.yaml", "- a\n- b\n"};
  CHECK(load(settings, {.files = {list.path()}}).size() == 1);
  const File empty{"empty.yaml", "# nothing\n"};
  CHECK(load(settings, {.files = {empty.path()}}).empty());
}

TEST_CASE_METHOD(Fixture, "an integer must fit its variable, a duration its unit") {
  CHECK_FALSE(settings.set("ingest.port", "65536", "t"));
  CHECK_FALSE(settings.set("ingest.port", "-1", "t"));
  CHECK(settings.set("ingest.port", "65535", "t"));
  CHECK(options.port == 65535);
  CHECK(settings.set("archive.linger", "1500us", "t").message() ==
        "t: archive.linger: \"1500us\" is too fine: write whole multiples of 1ms");
  CHECK(settings.set("archive.offset", "-10", "t"));
  CHECK_FALSE(settings.set("archive.offset", "-11", "t"));
}

TEST_CASE_METHOD(Fixture, "a secret is never shown, not even in a fault") {
  static_assert(!Printable<Secret>);
  CHECK(entry("notify.token").value.empty());
  CHECK(settings.set("notify.token", "hunter2", "env"));
  CHECK(options.token.reveal() == "hunter2");
  CHECK(entry("notify.token").value == "***");
  CHECK(settings.set("topics", "kafka://u:hunter2@h:1", "env"));
  CHECK(entry("topics").value == "kafka://u:***@h:1");
  CHECK(settings.set("topics", "u:hunter2@h", "env").message().find("hunter2") ==
        std::string::npos);
}

TEST_CASE_METHOD(Fixture, "a map takes every name under its prefix, and hides what sounds secret") {
  std::map<std::string, std::string> kafka;
  settings.bind_map("kafka", kafka, "passed on");
  CHECK(entry("kafka.*").value.empty());
  const File file{"map.yaml", "kafka:\n  ssl.ca.location: /ca.pem\n  linger.ms: 5\n"};
  REQUIRE(load(settings, {.files = {file.path()},
                          .environment = {{"BORA__KAFKA__CLIENT__ID", "me"}},
                          .assignments = {"kafka.linger.ms=20", "kafka.sasl.password=hunter2"}})
              .empty());
  CHECK(kafka == std::map<std::string, std::string>{{"ssl.ca.location", "/ca.pem"},
                                                    {"linger.ms", "20"},
                                                    {"client.id", "me"},
                                                    {"sasl.password", "hunter2"}});
  CHECK(entry("kafka.ssl.ca.location").origin == file.path() + ":2");
  CHECK(entry("kafka.linger.ms").origin == "--set");
  CHECK(entry("kafka.sasl.password").value == "***");
  CHECK(entry("kafka.*").type.empty());  // shown only while there is nothing to show
  CHECK_FALSE(settings.set("kafka.", "x", "t"));
  CHECK_FALSE(settings.set("kafkas.x", "x", "t"));
}

TEST_CASE_METHOD(Fixture,
                 "a file's values take texts from the environment, and secrets from files") {
  const File secret{"secret", "hunter2\n"};
  const File file{"env.yaml",
                  "group: ${THE_GROUP}\n"
                  "notify.token_file: " +
                      secret.path() + "\ntopics: 'kafka://${HOST}:9092/$${plain}'\n"};
  const std::vector<std::pair<std::string, std::string>> environment{{"THE_GROUP", "alerts"},
                                                                     {"HOST", "broker"}};
  REQUIRE(load(settings, {.files = {file.path()}, .environment = environment}).empty());
  CHECK(options.group == "alerts");
  CHECK(options.topics.text() == "kafka://broker:9092/${plain}");
  CHECK(options.token.reveal() == "hunter2");
  CHECK(entry("notify.token").value == "***");

  const File bad{"unset.yaml", "group: ${NOBODY}\ntopics: ${open\nnotify.token_file: /nowhere\n"};
  const auto faults = load(settings, {.files = {bad.path()}});
  REQUIRE(faults.size() == 3);
  CHECK(faults[0] == bad.path() +
                         ":1: group: the environment has no NOBODY; set it, or write $${ for a "
                         "plain ${");
  CHECK(faults[1].find(":2: topics: ${ without }") != std::string::npos);
  CHECK(faults[2].find("/nowhere: cannot be read") != std::string::npos);
  // What is no secret is no file either.
  CHECK_FALSE(load(settings, {.assignments = {"group_file=" + secret.path()}}).empty());
}

TEST_CASE("a number is taken within its bounds, and printed as it was written") {
  double share = 0.001;
  Settings settings;
  settings.bind("trace.sample", share, "share of messages", {0.0, 1.0});
  CHECK(settings.entries().at(0).value == "0.001");
  CHECK(settings.set("trace.sample", "0.25", "test").is_ok());
  CHECK(share == 0.25);
  for (const char* refused : {"", "1.5", "-0.1", "1%", "nan", "0.5x", "half"}) {
    INFO(refused);
    CHECK_FALSE(settings.set("trace.sample", refused, "test").is_ok());
  }
  CHECK(share == 0.25);
}
