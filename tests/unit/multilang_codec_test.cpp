// Messages of the multilang protocol, from and to bytes.

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "connectors/multilang/codec.hpp"
#include "connectors/multilang/component.hpp"
#include "connectors/multilang/framing.hpp"
#include "connectors/multilang/stderr_lines.hpp"

using namespace bora;
using namespace bora::multilang;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;

namespace {

/// The JSON of a framed message; fails the test when it is not framed.
nlohmann::json unframed(const std::string& message) {
  const std::string end = "\nend\n";
  REQUIRE(message.size() > end.size());
  REQUIRE(message.substr(message.size() - end.size()) == end);
  const std::string json = message.substr(0, message.size() - end.size());
  REQUIRE(json.find('\n') == std::string::npos);
  return nlohmann::json::parse(json);
}

template <class T>
T parsed(const std::string& json) {
  auto message = parse_message(json);
  REQUIRE(message.is_ok());
  REQUIRE(std::holds_alternative<T>(*message));
  return std::get<T>(std::move(message).value());
}

std::string fault_of(const std::string& json) {
  const auto message = parse_message(json);
  REQUIRE_FALSE(message.is_ok());
  CHECK(message.error().kind == ErrorKind::kInvalid);
  return message.error().message;
}

}  // namespace

TEST_CASE("multilang: every message of a child is read with what it carries") {
  CHECK(parsed<Hello>(R"({"pid": 1234})").pid == 1234);
  CHECK(parsed<Ack>(R"({"command": "ack", "id": "7"})").id == "7");
  CHECK(parsed<Fail>(R"({"command": "fail", "id": "7"})").id == "7");
  parsed<Sync>(R"({"command": "sync"})");
  CHECK(parsed<ErrorReport>(R"({"command": "error", "msg": "no"})").text == "no");

  const auto log = parsed<LogLine>(R"({"command": "log", "msg": "hm", "level": 3})");
  CHECK(log.text == "hm");
  CHECK(log.level == LogLevel::kWarn);
  CHECK(parsed<LogLine>(R"({"command": "log", "msg": "hm"})").level == LogLevel::kInfo);

  const auto update = parsed<MetricUpdate>(R"({"command": "metrics", "name": "n", "params": 2})");
  CHECK(update.name == "n");
  CHECK(update.params == Value{std::int64_t{2}});
}

TEST_CASE("multilang: an emit has the protocol's defaults where it is silent") {
  const auto bare = parsed<Emit>(R"({"command": "emit", "tuple": []})");
  CHECK(bare.stream == "default");
  CHECK(bare.anchors.empty());
  CHECK(bare.id == Value{});
  CHECK_FALSE(bare.task.has_value());
  CHECK(bare.need_task_ids);

  const auto full = parsed<Emit>(
      R"({"command": "emit", "stream": "s", "anchors": ["1", "2"], "id": "x", "task": 9,
          "tuple": [1], "need_task_ids": false, "more": {}})");
  CHECK(full.stream == "s");
  CHECK(full.anchors == std::vector<std::string>{"1", "2"});
  CHECK(full.id == Value{std::string{"x"}});
  CHECK(full.task == 9);
  CHECK_FALSE(full.need_task_ids);
  CHECK_FALSE(parsed<Emit>(R"({"command": "emit", "task": 0, "tuple": []})").task.has_value());
}

TEST_CASE("multilang: the values of a tuple keep their types and every digit") {
  const auto emit = parsed<Emit>(
      R"({"command": "emit",
          "tuple": [null, true, -3, 18446744073709551615, 1.0, "ä", {"a": [1]}]})");
  CHECK(emit.tuple == Values{std::monostate{}, true, std::int64_t{-3},
                             std::numeric_limits<std::uint64_t>::max(), 1.0, std::string{"ä"},
                             Json{R"({"a":[1]})"}});

  const auto written =
      tuple_message({.id = "5", .component = "parse", .stream = "default", .task = 2}, emit.tuple);
  REQUIRE(written.is_ok());
  const auto json = unframed(*written);
  CHECK(json.at("id") == "5");
  CHECK(json.at("comp") == "parse");
  CHECK(json.at("stream") == "default");
  CHECK(json.at("task") == 2);
  CHECK(json.at("tuple").dump() == R"([null,true,-3,18446744073709551615,1.0,"ä",{"a":[1]}])");
}

TEST_CASE("multilang: a text with a line break or the word end stays one line of one message") {
  const auto written = tuple_message({.id = "1", .component = "c", .stream = "s", .task = 1},
                                     {std::string{"a\nend\nb"}});
  REQUIRE(written.is_ok());
  CHECK(unframed(*written).at("tuple").at(0) == "a\nend\nb");
}

TEST_CASE("multilang: what cannot be JSON is refused with the reason, not sent as something else") {
  const TupleHeader header{.id = "1", .component = "c", .stream = "s", .task = 1};
  const auto infinite = tuple_message(header, {std::numeric_limits<double>::infinity()});
  REQUIRE_FALSE(infinite.is_ok());
  CHECK_THAT(infinite.error().message, Contains("not finite"));
  CHECK_FALSE(tuple_message(header, {std::string{"\xff"}}).is_ok());
  CHECK_FALSE(tuple_message(header, {Json{"{"}}).is_ok());
}

TEST_CASE("multilang: a message that makes no sense is refused, with what and its first bytes") {
  CHECK_THAT(fault_of(R"({"command": "emit", "tuple": [NaN]})"), Contains("no JSON"));
  CHECK_THAT(fault_of(R"({"command": "dance"})"), Contains("\"dance\" is no command"));
  CHECK_THAT(fault_of(R"({"comand": "ack"})"), Contains("no \"command\"") && Contains("comand"));
  CHECK_THAT(fault_of(R"({"command": "ack"})"), Contains("no \"id\""));
  CHECK_THAT(fault_of(R"({"command": "ack", "id": 7})"), Contains("\"id\" is no text"));
  CHECK_THAT(fault_of(R"({"command": "emit"})"), Contains("no \"tuple\""));
  CHECK_THAT(fault_of(R"({"command": "emit", "tuple": "a"})"), Contains("no array"));
  CHECK_THAT(fault_of(R"({"command": "emit", "tuple": [], "anchors": [1]})"), Contains("anchor"));
  CHECK_THAT(fault_of(R"({"command": "emit", "tuple": [], "task": 1.5})"), Contains("no integer"));
  CHECK_THAT(fault_of(R"({"command": "log", "msg": "a", "level": 5})"), Contains("level"));
  CHECK_THAT(fault_of(R"({"pid": "me"})"), Contains("pid"));
  CHECK_THAT(fault_of("[1]"), Contains("no object"));
  CHECK_THAT(fault_of("{} {}"), Contains("no JSON"));
  CHECK_THAT(fault_of("{\"msg\": \"\xff\"}"), Contains("no JSON") && Contains("\\xff"));
}

TEST_CASE("multilang: nesting without end is refused before it costs the stack") {
  const std::string deep(100'000, '[');
  CHECK_THAT(fault_of(R"({"command": "emit", "tuple": )" + deep),
             Contains("nested deeper than 64"));
}

TEST_CASE("multilang: the handshake tells configuration, directory and who is who") {
  ComponentOptions options;
  options.conf = {{"topology.name", std::string{"t"}}, {"unit", std::int64_t{3}}};
  const auto made = introduce(options, {.component = "shell", .task = 1, .tasks = 2},
                              {{.component = "words", .fields = {"word"}}},
                              {{.component = {}, .stream = "default", .fields = {"n"}},
                               {.component = {}, .stream = "late", .fields = {}}},
                              {{.component = "count", .tasks = 3, .grouping = "ALL"},
                               {.component = "log", .stream = "late"}});
  const auto message = handshake_message(made.handshake, "/pids");
  REQUIRE(message.is_ok());
  const auto json = unframed(*message);
  CHECK(json.at("pidDir") == "/pids");
  CHECK(json.at("conf") == nlohmann::json{{"topology.name", "t"}, {"unit", 3}});
  const auto& context = json.at("context");
  CHECK(context.at("componentid") == "shell");
  CHECK(context.at("taskid") == 2);
  CHECK(context.at("task->component").dump() ==
        R"({"1":"shell","2":"shell","3":"count","4":"count","5":"count","6":"log","7":"words"})");
  CHECK(context.at("streams").dump() == R"(["default","late"])");
  CHECK(context.at("stream->outputfields").at("default").at(0) == "n");
  CHECK(context.at("stream->target->grouping").dump() ==
        R"({"default":{"count":{"type":"ALL"}},"late":{"log":{"type":"SHUFFLE"}}})");
  CHECK(context.at("source->stream->fields").dump() == R"({"words":{"default":["word"]}})");

  CHECK(made.roster.find(4) == Roster::Task{"count", 1});
  CHECK_FALSE(made.roster.find(0).has_value());
  CHECK_FALSE(made.roster.find(8).has_value());
}

TEST_CASE("multilang: a direct emit names a task that it can reach, or it is told what is wrong") {
  const std::vector<Consumer> consumers{
      {.component = "count", .tasks = 3, .stream = "aimed", .grouping = std::string{kDirect}},
      {.component = "log"}};
  const auto made = introduce({}, {.component = "shell"}, {}, {}, consumers);
  const auto aimed_at = [&](std::int64_t task, const char* stream) {
    return direct_target({.stream = stream, .task = task}, made.roster, consumers);
  };
  REQUIRE(aimed_at(3, "aimed").is_ok());
  CHECK(aimed_at(3, "aimed").value() == Roster::Task{"count", 1});
  CHECK_THAT(std::string(aimed_at(6, "aimed").status().message()),
             Contains("task 6, of which it was not told"));
  CHECK_THAT(std::string(aimed_at(5, "aimed").status().message()),
             Contains("log, which does not read the stream 'aimed'"));
  CHECK_THAT(std::string(aimed_at(5, "default").status().message()),
             Contains("log does not read by direct emits") && Contains("DirectTo"));
}

TEST_CASE("multilang: heartbeats, commands and task ids are what children know") {
  const auto heartbeat = unframed(heartbeat_message(3));
  CHECK(heartbeat.at("stream") == "__heartbeat");
  CHECK(heartbeat.at("task") == -1);
  CHECK(heartbeat.at("tuple").empty());
  CHECK(unframed(command_message("next")) == nlohmann::json{{"command", "next"}});
  CHECK(unframed(command_message("ack", Value{std::int64_t{4}})) ==
        nlohmann::json{{"command", "ack"}, {"id", 4}});
  CHECK(task_ids_message(std::vector<std::int64_t>{2, 5}) == "[2,5]\nend\n");
  CHECK(task_ids_message({}) == "[]\nend\n");
}

TEST_CASE("multilang: messages are found however their bytes arrive") {
  const std::string bytes = "{\"a\": 1}\nend\n\n \n{\"b\":\n2}\nend\n[3]\nend\n";
  for (std::size_t piece = 1; piece <= bytes.size(); ++piece) {
    FrameReader reader{1024};
    std::vector<std::string> found;
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
      reader.append(std::string_view{bytes}.substr(at, piece));
      while (true) {
        const auto message = reader.next();
        REQUIRE(message.is_ok());
        if (!message->has_value()) break;
        found.emplace_back(**message);
      }
    }
    REQUIRE(found == std::vector<std::string>{"{\"a\": 1}\n", "{\"b\":\n2}\n", "[3]\n"});
  }
}

TEST_CASE("multilang: what is no message is found at its first byte and quoted") {
  FrameReader reader{1024};
  reader.append("{}\nend\nprocessing \x01 tuple 5");
  REQUIRE(reader.next().is_ok());
  const auto garbage = reader.next();
  REQUIRE_FALSE(garbage.is_ok());
  CHECK_THAT(garbage.error().message,
             Contains("processing \\x01 tuple 5") && Contains("standard error"));
}

TEST_CASE("multilang: a message that does not end is refused at its limit") {
  FrameReader reader{100};
  reader.append("{" + std::string(100, ' '));
  const auto endless = reader.next();
  REQUIRE_FALSE(endless.is_ok());
  CHECK_THAT(endless.error().message, Contains("longer than 100 bytes"));
}

TEST_CASE("multilang: standard error is printed by lines, its last ones are kept, a flood is cut") {
  std::vector<std::string> printed;
  StderrLines lines{[&](std::string_view line) { printed.emplace_back(line); }};
  Instant now{1h};
  lines.append("one\ntw", now);
  lines.append("o\n\n", now);
  CHECK(printed == std::vector<std::string>{"one", "two"});
  lines.append(std::string(5000, 'x') + "\n", now);
  CHECK(printed.back().size() == StderrLines::kLongest + 3);
  for (int i = 0; i < 1000; ++i)
    lines.append("again\n", now);
  CHECK(printed.size() == StderrLines::kPerSecond);
  CHECK(lines.left_out() == 1003 - StderrLines::kPerSecond);
  now += 1s;
  lines.append("last words", now);
  lines.finish(now);
  CHECK(printed.back() == "last words");
  CHECK_THAT(printed[printed.size() - 2], Contains("953 lines were left out"));
  CHECK_THAT(lines.last(), Contains("again | last words"));
}

TEST_CASE("multilang: a child changes the numbers that are declared, and no others") {
  ChildMetrics metrics{{{.name = "done"}, {.name = "depth", .kind = Gauge::Kind::kLevel}}};
  CHECK(metrics.update({"done", {}}).is_ok());
  CHECK(metrics.update({"done", std::int64_t{4}}).is_ok());
  CHECK(metrics.update({"depth", 2.6}).is_ok());
  std::vector<Gauge> gauges;
  metrics.append_to(gauges);
  REQUIRE(gauges.size() == 2);
  CHECK(gauges[0].value == 5);
  CHECK(gauges[1].value == 3);
  CHECK_THAT(std::string(metrics.update({"other", {}}).message()), Contains("not declared"));
  CHECK_FALSE(metrics.update({"depth", std::string{"deep"}}).is_ok());
}
