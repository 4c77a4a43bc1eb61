#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "host/trace_export.hpp"
#include "host/trace_json.hpp"
#include "support/temporary_directory.hpp"

using namespace bora;
using namespace bora::host;
using namespace std::chrono_literals;
using nlohmann::json;

namespace {

Span a_span() {
  Span span;
  span.at = {{0x4bf92f3577b34da6, 0xa3ce929d0e0e4736}, SpanId{0x00f067aa0ba902b7}};
  span.parent = SpanId{1};
  span.kind = Span::Kind::kQueue;
  span.topology = "thresholds";
  span.component = "parse";
  span.task = 2;
  span.source = "readings";
  span.message = {.offset = 18446744073709551615U, .partition = 3};
  span.from = 1'700'000'000'123'456'789ns;
  span.took = 1500ns;
  return span;
}

/// Takes spans, but holds on to each batch until it is let go.
class Gate final : public TraceExport::Target {
 public:
  struct State {
    std::mutex mutex;
    std::condition_variable changed;
    bool is_open = false;     // guarded by mutex
    bool was_called = false;  // guarded by mutex
    std::size_t spans = 0;    // guarded by mutex
    Status answer;            // guarded by mutex
  };
  explicit Gate(std::shared_ptr<State> state) : state_(std::move(state)) {}
  Status write(const std::vector<Span>& spans) override {
    std::unique_lock lock(state_->mutex);
    state_->was_called = true;
    state_->changed.notify_all();
    state_->changed.wait(lock, [this] { return state_->is_open; });
    state_->spans += spans.size();
    return state_->answer;
  }

 private:
  std::shared_ptr<State> state_;  // with the test
};

double value_of(const TraceExport& traces, const std::string& name) {
  for (const Sample& sample : traces.samples())
    if (sample.name == name) return sample.value;
  return -1;
}

struct Exporting {
  std::mutex mutex;
  std::string logged;  // guarded by mutex
  LogOptions options = [this] {
    LogOptions made;
    made.sink = [this](std::string_view line) {
      const std::lock_guard lock{mutex};
      logged += line;
    };
    return made;
  }();
  Log log{options};
  testing::TemporaryDirectory directory;
};

Url url_of(const std::string& text) { return Url::parse(text).value(); }

std::string content(const std::filesystem::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

TEST_CASE("a span is what OTLP says it is") {
  Span failed = a_span();
  failed.kind = Span::Kind::kMessage;
  failed.parent = SpanId{};
  failed.topology = "alerts";
  failed.failure = "no\nway";
  const std::vector<Span> spans{a_span(), failed};
  const std::string line = otlp_json(spans, "coldchain");
  CHECK(line.find('\n') == std::string::npos);
  const json services = json::parse(line)["resourceSpans"];
  REQUIRE(services.size() == 2);
  CHECK(services[1]["resource"]["attributes"][0] ==
        json::parse(R"({"key":"service.name","value":{"stringValue":"thresholds"}})"));
  const json queue = services[1]["scopeSpans"][0]["spans"][0];
  CHECK(queue["traceId"] == "4bf92f3577b34da6a3ce929d0e0e4736");
  CHECK(queue["spanId"] == "00f067aa0ba902b7");
  CHECK(queue["parentSpanId"] == "0000000000000001");
  CHECK(queue["name"] == "parse queue");
  CHECK(queue["kind"] == 1);
  CHECK(queue["startTimeUnixNano"] == "1700000000123456789");
  CHECK(queue["endTimeUnixNano"] == "1700000000123458289");
  CHECK_FALSE(queue.contains("status"));
  CHECK(queue["attributes"].back() ==
        json::parse(
            R"({"key":"messaging.kafka.offset","value":{"intValue":"18446744073709551615"}})"));
  const json message = services[0]["scopeSpans"][0]["spans"][0];
  CHECK_FALSE(message.contains("parentSpanId"));
  CHECK(message["name"] == "parse");
  CHECK(message["kind"] == 5);
  CHECK(message["status"] == json::parse(R"({"code":2,"message":"no\nway"})"));
}

TEST_CASE(
    "a file of trace events is an array that viewers may find open, and goes on after a restart") {
  Exporting e;
  const auto path = e.directory.path() / "t.json";
  for (int run = 0; run < 2; ++run) {
    auto traces = TraceExport::open({.to = url_of("file:" + path.string())}, "coldchain", e.log);
    REQUIRE(traces);
    (*traces)->take(a_span());
    (*traces)->stop();
  }
  std::string text = content(path);
  REQUIRE(text.ends_with(",\n"));
  const json events = json::parse(text.substr(0, text.size() - 2) + "]");
  REQUIRE(events.size() == 4);
  CHECK(events[0]["ph"] == "b");
  CHECK(events[1]["ph"] == "e");
  CHECK(events[0]["id"] == events[1]["id"]);
  CHECK(events[1]["ts"].get<double>() - events[0]["ts"].get<double>() == Approx(1.5).margin(0.3));
  CHECK(text.find("e+") ==
        std::string::npos);  // of the microseconds of today, which take 16 digits
  CHECK(events[0]["args"]["topic"] == "readings");
}

TEST_CASE("a file of lines has a batch of OTLP in each") {
  Exporting e;
  const auto path = e.directory.path() / "t.jsonl";
  auto traces = TraceExport::open({.to = url_of("file:" + path.string())}, "coldchain", e.log);
  REQUIRE(traces);
  (*traces)->take(a_span());
  (*traces)->stop();
  const std::string text = content(path);
  CHECK(std::count(text.begin(), text.end(), '\n') == 1);
  CHECK(json::parse(text)["resourceSpans"].size() == 1);
  CHECK(value_of(**traces, "bora_trace_spans_exported_total") == 1);
}

TEST_CASE("where traces cannot go is refused, with what can be said instead") {
  Exporting e;
  const auto open = [&e](const std::string& url) {
    return TraceExport::open({.to = url_of(url)}, "p", e.log).status();
  };
  CHECK(std::string{open("file:traces.txt").message()}.find(".jsonl") != std::string::npos);
  CHECK(open("file:/nowhere/at/all.json").error().kind == ErrorKind::kUnavailable);
  CHECK(open("http://user:pass@127.0.0.1:1/").error().kind == ErrorKind::kInvalid);
}

TEST_CASE("a target that does not take spans costs spans, which are counted, and nobody's time") {
  Exporting e;
  auto state = std::make_shared<Gate::State>();
  TraceExport traces{std::make_unique<Gate>(state), e.log, 600};
  for (int i = 0; i < 512; ++i)
    traces.take(a_span());
  {
    std::unique_lock lock(state->mutex);
    state->changed.wait(lock, [&] { return state->was_called; });
  }
  for (int i = 0; i < 1000; ++i)  // the gate is shut: none of these waits
    traces.take(a_span());
  CHECK(value_of(traces, "bora_trace_spans_dropped_total") == 400);
  {
    const std::lock_guard lock(state->mutex);
    state->is_open = true;
    state->changed.notify_all();
  }
  traces.stop();
  CHECK(state->spans == 512 + 600);
  CHECK(value_of(traces, "bora_trace_spans_exported_total") == 512 + 600);
}

TEST_CASE("what could not be sent is counted as dropped, and told") {
  Exporting e;
  auto state = std::make_shared<Gate::State>();
  state->is_open = true;
  state->answer = {ErrorKind::kUnavailable, "nobody there"};
  TraceExport traces{std::make_unique<Gate>(state), e.log};
  traces.take(a_span());
  traces.stop();
  CHECK(value_of(traces, "bora_trace_spans_dropped_total") == 1);
  CHECK(value_of(traces, "bora_trace_spans_exported_total") == 0);
  const std::lock_guard lock{e.mutex};
  CHECK(e.logged.find("nobody there") != std::string::npos);
}
