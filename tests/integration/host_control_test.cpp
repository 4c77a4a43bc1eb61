#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "connectors/http/client.hpp"
#include "connectors/http/server.hpp"
#include "host/command_line.hpp"
#include "host/control_api.hpp"
#include "host/openapi.hpp"
#include "host/process.hpp"
#include "host/process_stats.hpp"
#include "support/host_example.hpp"
#include "support/openapi_check.hpp"
#include "support/temporary_directory.hpp"
#include "support/test_certificates.hpp"
#include "support/wire.hpp"

using namespace bora;
using namespace bora::host;
using namespace std::chrono_literals;
using http::Header;
using http::Method;
using http::Request;
using http::Response;
using nlohmann::json;

namespace {

const std::string kToken = "0123456789abcdef";

// One number a millisecond, until it has to stop.
class Trickle final : public Spout<std::uint64_t> {
 public:
  Status open(Context& context) override {
    clock_ = &context.clock();
    return {};
  }
  Next next_batch(std::size_t max) override {
    if (max > 0) emit(n_, {.offset = n_});
    ++n_;
    return Next::idle_until(clock_->now() + 1ms);
  }

 private:
  const Clock* clock_ = nullptr;
  std::uint64_t n_ = 0;
};

// Waits at the number 5 until it is let go.
class Hangs final : public Bolt<std::uint64_t> {
 public:
  explicit Hangs(std::atomic<bool>& is_free) : is_free_(is_free) {}
  void execute(const std::uint64_t& number) override {
    while (number == 5 && !is_free_)
      std::this_thread::sleep_for(1ms);
  }

 private:
  std::atomic<bool>& is_free_;
};

Topology trickle(const std::string& name, std::atomic<bool>& is_free) {
  TopologyBuilder topology{name};
  const auto numbers = topology.spout("numbers", [] { return std::make_unique<Trickle>(); });
  topology.bolt("hangs", [&is_free] { return std::make_unique<Hangs>(is_free); }).shuffle(numbers);
  return topology.build().value();
}

class Part final : public Service {
 public:
  std::optional<std::string> why;
  std::string before_start;
  std::string url;
  std::function<std::string()> get = [] { return std::string{}; };

  [[nodiscard]] std::string_view name() const noexcept override { return "domain"; }
  Status start() override {
    before_start = get();
    return {};
  }
  void attach(ServiceHost host) override { point = host.taps->point("numbers"); }
  void stop(std::chrono::milliseconds) override {}
  [[nodiscard]] std::optional<std::string> unready() const override { return why; }
  [[nodiscard]] std::vector<Sample> samples() const override {
    using Kind = Sample::Kind;
    return {{"domain_wait_seconds_bucket", "Waits.", Kind::kCounter, {{"le", "0.5"}}, 3},
            {"domain_wait_seconds_bucket", "Waits.", Kind::kCounter, {{"le", "+Inf"}}, 4},
            {"domain_wait_seconds_count", "Waits.", Kind::kCounter, {}, 4},
            {"domain_wait_seconds_sum", "Waits.", Kind::kCounter, {}, 7.5}};
  }
  void add_routes(ControlRoutes& routes) override {
    routes.get("/api/v1/devices/{id}", [](const Request& request) {
      return http::text(200, "device " + request.parameter("id"));
    });
    routes.change(Method::kDelete, "/api/v1/devices/{id}", "device.delete",
                  [](const Request&) { return Response{.status = 204}; });
  }

  std::shared_ptr<TapPoint> point;
};

struct Running {
  testing::TemporaryDirectory directory;
  std::mutex mutex;
  std::string logged;  // guarded by mutex
  LogOptions log_options = [this] {
    LogOptions made;
    made.sink = [this](std::string_view line) {
      const std::lock_guard lock{mutex};
      logged += line;
    };
    return made;
  }();
  Log log{log_options};
  std::atomic<bool> is_free{true};
  Part* part = nullptr;
  std::unique_ptr<Process> process;

  ~Running() {
    is_free = true;
    if (process) process->stop();
  }
  ProcessOptions options = {};
  void start(HealthLimits health = {}) {
    options.program = "test";
    options.version = "9";
    options.control.port = 0;
    options.control.token = Secret{kToken};
    options.control.state_directory = directory.path().string();
    options.control.health = health;
    process = std::make_unique<Process>(options, log);
    Assembly assembly;
    assembly.add(trickle("one", is_free));
    auto domain = std::make_unique<Part>();
    part = domain.get();
    part->get = [this] { return get("/api/v1/devices/7").body; };
    assembly.add(std::move(domain));
    assembly.add(trickle("two", is_free));
    const Status started = process->start(std::move(assembly));
    INFO(started.message());
    REQUIRE(started.is_ok());
  }
  [[nodiscard]] std::uint16_t port() const {
    const std::string url = process->control_url();
    return static_cast<std::uint16_t>(std::stoi(url.substr(url.rfind(':') + 1)));
  }
  [[nodiscard]] Response send(Method method, const std::string& target, const std::string& body,
                              const std::vector<Header>& headers) const {
    http::Client client{{.port = port(), .timeout = 30s}};
    const auto answer = client.send(method, target, body, headers);
    return answer ? *answer : Response{.status = 0, .body = answer.error().message};
  }
  [[nodiscard]] Response get(const std::string& target) const {
    return send(Method::kGet, target, "", {});
  }
  [[nodiscard]] Response change(Method method, const std::string& target,
                                const std::string& body = "") const {
    return send(method, target, body,
                {{"Authorization", "Bearer " + kToken}, {"Content-Type", "application/json"}});
  }
  [[nodiscard]] std::uint64_t opened(const std::string& topology) const {
    return process->metrics(topology)->tasks[0].opened;
  }
};

template <class Condition>
bool eventually(Condition is_so) {
  const auto deadline = std::chrono::steady_clock::now() + 30s;
  while (std::chrono::steady_clock::now() < deadline) {
    if (is_so()) return true;
    std::this_thread::sleep_for(5ms);
  }
  return false;
}

// For the list of routes alone.
class Nobody final : public Operated {
 public:
  [[nodiscard]] ProcessView look() const override { return {}; }
  Result<std::string> pause(const std::string&, const std::string&) override { return {""}; }
  Result<std::string> resume(const std::string&, const std::string&) override { return {""}; }
  void drain() override {}
};

}  // namespace

TEST_CASE_METHOD(Running,
                 "each route of the control plane is documented, and each documented one is") {
  start();
  const testing::OpenApi api{openapi_document()};
  Nobody nobody;
  const SystemClock clock;
  Taps taps{clock};
  testing::OpenApi::Operations routed{{"/api/v1/access", "get"}};
  for (const ControlRoute& route : control_api({nobody, log, taps, {}})) {
    INFO(route.path);
    routed.insert({route.path, testing::lower(std::string{to_string(route.method)})});
    const char* const access = route.access == Access::kOpen   ? "open"
                               : route.access == Access::kRead ? "read"
                                                               : "change";
    CHECK(api.operation(route.path, route.method)["x-access"].as<std::string>() == access);
  }
  std::map<std::string, std::set<std::string>> methods;
  testing::OpenApi::Operations documented;
  for (const auto& [path, method] : api.operations()) {
    const YAML::Node operation = api.operation(path, method == "get"   ? Method::kGet
                                                     : method == "put" ? Method::kPut
                                                                       : Method::kPost);
    if (operation["x-part"]) continue;  // of a part that this process does not have
    documented.insert({path, method});
    methods[path].insert(method);
  }
  CHECK(documented == routed);
  for (const auto& [path, names] : methods) {
    const Response answer = change(Method::kPatch, path);
    INFO(path);
    REQUIRE(answer.status == 405);
    std::set<std::string> allowed;
    std::istringstream allow{std::string{http::find_header(answer.headers, "Allow")}};
    for (std::string name; std::getline(allow >> std::ws, name, ',');)
      if (name != "HEAD") allowed.insert(testing::lower(name));
    CHECK(allowed == names);
  }
}

TEST_CASE_METHOD(Running, "the control plane answers as documented") {
  start();
  const testing::OpenApi api{openapi_document()};
  const auto expect = [&](int status, Method method, const std::string& path,
                          const Response& answer) {
    INFO(to_string(method) << ' ' << path << ' ' << answer.body);
    CHECK(answer.status == status);
    api.check(path, method, answer);
  };
  REQUIRE(eventually([&] { return opened("one") > 10; }));
  for (const char* path :
       {"/livez", "/startupz", "/readyz", "/metrics", "/", "/api/v1/access", "/api/v1/openapi.yaml",
        "/api/v1/topology", "/api/v1/log-level", "/api/v1/logs"})
    expect(200, Method::kGet, path, get(path));
  CHECK(get("/api/v1/openapi.yaml").body == openapi_document());
  part->why = "the registry is 12 records behind";
  expect(503, Method::kGet, "/readyz", get("/readyz"));
  CHECK(json::parse(get("/readyz").body)["reasons"][0]["component"] == "domain");
  expect(400, Method::kGet, "/api/v1/logs", get("/api/v1/logs?limit=0"));
  expect(400, Method::kGet, "/api/v1/logs/stream", get("/api/v1/logs/stream?limit=x"));
  expect(400, Method::kGet, "/api/v1/tap", get("/api/v1/tap?stream=numbers&rate=51"));
  expect(404, Method::kGet, "/api/v1/tap", get("/api/v1/tap?stream=none"));

  const std::string level = "/api/v1/log-level";
  expect(200, Method::kPut, level, change(Method::kPut, level, R"({"level":"debug"})"));
  CHECK(log.level() == LogLevel::kDebug);
  expect(400, Method::kPut, level, change(Method::kPut, level, R"({"level":"loud"})"));
  const std::string pause = "/api/v1/spouts/{name}/pause";
  const std::string resume = "/api/v1/spouts/{name}/resume";
  for (const auto& [path, verb] : {std::pair{pause, "pause"}, std::pair{resume, "resume"}}) {
    const std::string at = std::string{"/api/v1/spouts/numbers/"} + verb;
    expect(200, Method::kPost, path, change(Method::kPost, at + "?topology=one"));
    expect(409, Method::kPost, path, change(Method::kPost, at));
    expect(404, Method::kPost, path, change(Method::kPost, at + "?topology=three"));
  }
  for (const std::string& path : {pause, resume, std::string{"/api/v1/drain"}}) {
    expect(401, Method::kPost, path,
           send(Method::kPost, path, "", {{"Content-Type", "application/json"}}));
    expect(403, Method::kPost, path,
           send(Method::kPost, path, "", {{"Sec-Fetch-Site", "cross-site"}}));
    expect(415, Method::kPost, path,
           send(Method::kPost, path, "", {{"Authorization", "Bearer " + kToken}}));
  }
  CHECK_FALSE(process->is_stop_requested());
  expect(202, Method::kPost, "/api/v1/drain", change(Method::kPost, "/api/v1/drain"));
  CHECK(process->is_stop_requested());
}

TEST_CASE_METHOD(Running, "Prometheus' own tool finds nothing wrong with the metrics") {
  start();
  REQUIRE(eventually([&] { return opened("one") > 10; }));
  const std::string metrics = get("/metrics").body;
  CHECK(metrics.find("\ntopology_stuck_seconds{topology=\"one\",component=\"hangs\"} 0\n") !=
        std::string::npos);
  std::FILE* const pipe = ::popen("promtool check metrics", "w");
  REQUIRE(pipe != nullptr);
  std::fwrite(metrics.data(), 1, metrics.size(), pipe);
  CHECK(::pclose(pipe) == 0);  // of Debian's package prometheus
}

TEST_CASE_METHOD(Running, "a paused spout takes in nothing, and the audit log says who paused it") {
  start();
  REQUIRE(eventually([&] { return opened("one") > 10; }));
  REQUIRE(change(Method::kPost, "/api/v1/spouts/numbers/pause?topology=one").status == 200);
  std::uint64_t then = 0;
  CHECK(eventually([&] {  // until it stands still while its neighbour moves on
    then = opened("one");
    const std::uint64_t neighbour = opened("two");
    return eventually([&] { return opened("two") > neighbour + 20; }) && opened("one") == then;
  }));
  const json view = json::parse(get("/api/v1/topology").body);
  CHECK(view["topologies"][0]["paused_spouts"] == json{"numbers"});
  CHECK(view["topologies"][1]["paused_spouts"].empty());
  REQUIRE(change(Method::kPost, "/api/v1/spouts/numbers/resume?topology=one").status == 200);
  CHECK(eventually([&] { return opened("one") > then; }));

  std::ifstream audit{directory.path() / "test.audit.jsonl"};
  std::vector<json> lines;
  for (std::string line; std::getline(audit, line);)
    lines.push_back(json::parse(line));
  REQUIRE(lines.size() == 4);
  CHECK(lines[0]["action"] == "spout.pause");
  CHECK(lines[0]["target"] == "/api/v1/spouts/numbers/pause?topology=one");
  CHECK(lines[0]["outcome"] == "asked");
  CHECK(lines[1]["outcome"] == "200");
  CHECK(lines[0]["from"].get<std::string>().starts_with("127.0.0.1:"));
}

TEST_CASE_METHOD(Running, "nothing is changed that cannot be written to the audit log") {
  start();
  std::filesystem::create_directory(directory.path() / "test.audit.jsonl");
  const Response answer = change(Method::kPost, "/api/v1/drain");
  CHECK(answer.status == 503);
  CHECK(answer.body.find("audit") != std::string::npos);
  CHECK_FALSE(process->is_stop_requested());
}

TEST_CASE_METHOD(Running, "a bolt that hangs is named by its component, message and age") {
  is_free = false;
  start({.max_stuck = 1'100ms, .max_stuck_alive = 1'200ms});
  json ready;
  const auto is_named = [&] {
    ready = json::parse(get("/readyz").body);
    for (const json& reason : ready["reasons"])
      if (reason["kind"] == "stuck" && reason["topology"] == "one" &&
          reason["component"] == "hangs" &&
          reason["text"].get<std::string>().find("offset ") != std::string::npos)
        return true;
    return false;
  };
  const bool was_named = eventually(is_named);
  INFO(ready.dump());
  CHECK(was_named);
  CHECK(eventually([&] { return get("/livez").status == 503; }));
  CHECK(get("/metrics").body.find("\nbora_ready 0") != std::string::npos);
  is_free = true;
  CHECK(eventually([&] { return get("/readyz").status == 200; }));
}

TEST_CASE_METHOD(Running, "a part's routes are open while it runs, and guarded like the others") {
  start();
  CHECK(part->before_start.find("does not run yet") != std::string::npos);
  CHECK(get("/api/v1/devices/7").body == "device 7");
  CHECK(send(Method::kDelete, "/api/v1/devices/7", "", {}).status == 401);
  CHECK(change(Method::kDelete, "/api/v1/devices/7").status == 204);
}

TEST_CASE_METHOD(Running, "a stream between two components can be looked at while it flows") {
  start();
  const json view = json::parse(get("/api/v1/topology").body);
  for (const char* tap : {"emit:one/numbers", "emit:two/numbers"})
    CHECK(std::count(view["taps"].begin(), view["taps"].end(), json(tap)) == 1);
  std::vector<json> samples;
  http::Client client{{.port = port(), .timeout = 30s}};
  std::string events;
  const auto ended =
      client.stream("/api/v1/tap?stream=emit:one/numbers&rate=50", {}, [&](std::string_view piece) {
        events += piece;
        return std::count(events.begin(), events.end(), '{') < 3;
      });
  INFO(events);
  std::istringstream lines{events};
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with("data: ") && line.ends_with("}"))
      samples.push_back(json::parse(line.substr(6)));
  REQUIRE(samples.size() >= 2);
  for (const json& sample : samples) {
    CHECK(sample["stream"] == "emit:one/numbers");
    CHECK(sample["value"] == std::to_string(sample["offset"].get<std::uint64_t>()));
  }
  CHECK(samples[1]["offset"] > samples[0]["offset"]);
  CHECK(ended.status().is_ok());
}

TEST_CASE_METHOD(Running, "messages are traced into a file while the process runs") {
  const auto path = directory.path() / "traces.jsonl";
  options.trace = {.to = Url::parse("file:" + path.string()).value(), .sample = 1};
  start();
  REQUIRE(eventually([&] { return process->metrics("one")->tasks[0].acked > 20; }));
  process->stop();
  std::ifstream file(path);
  std::set<std::string> services;
  std::set<std::string> names;
  for (std::string line; std::getline(file, line);) {
    const json batch = json::parse(line);
    for (const json& service : batch["resourceSpans"]) {
      services.insert(service["resource"]["attributes"][0]["value"]["stringValue"]);
      for (const json& span : service["scopeSpans"][0]["spans"])
        names.insert(span["name"].get<std::string>());
    }
  }
  CHECK(services == std::set<std::string>{"one", "two"});
  CHECK(names == std::set<std::string>{"numbers", "hangs queue", "hangs"});
}

TEST_CASE_METHOD(Running,
                 "traces go to a collector, and one that refuses them costs nothing else") {
  std::mutex guard;
  std::string content_type;  // guarded
  std::size_t spans = 0;     // guarded
  std::atomic<bool> refuses{true};
  http::Server collector{{}};
  collector.route(Method::kPost, "/v1/traces", [&](const Request& request) {
    if (refuses) return Response{.status = 503};
    const json batch = json::parse(request.body);
    const std::lock_guard lock{guard};
    content_type = http::find_header(request.headers, "Content-Type");
    for (const json& service : batch["resourceSpans"])
      spans += service["scopeSpans"][0]["spans"].size();
    return http::json(200, "{}");
  });
  REQUIRE(collector.start().is_ok());
  options.trace = {.to = Url::parse(collector.url() + "/v1/traces").value(), .sample = 1};
  start();
  const auto metric = [this](const std::string& name) {
    const std::string text = get("/metrics").body;
    const std::size_t at = text.find("\n" + name + " ");
    return at == std::string::npos ? -1.0 : std::stod(text.substr(at + name.size() + 2));
  };
  CHECK(eventually([&] { return metric("bora_trace_spans_dropped_total") > 0; }));
  const std::uint64_t then = opened("one");
  CHECK(eventually([&] { return opened("one") > then; }));
  refuses = false;
  process->stop();
  const std::lock_guard lock{guard};
  CHECK(spans > 0);
  CHECK(content_type == "application/json");
}

TEST_CASE_METHOD(Running, "the log and a tap can be followed") {
  start();
  testing::Wire lines{port()};
  REQUIRE(lines.send("GET /api/v1/logs/stream?limit=5 HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  CHECK(lines.read_until("\"message\":\"ready\""));
  CHECK(lines.received().find("Content-Type: text/event-stream\r\n") != std::string::npos);
  log.warn("something new", {{"n", 1}});
  CHECK(lines.read_until("event: line\ndata: {"));
  CHECK(lines.read_until("\"message\":\"something new\",\"n\":1}\n\n"));

  testing::Wire samples{port()};
  REQUIRE(samples.send("GET /api/v1/tap?stream=numbers HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  REQUIRE(samples.read_until("\r\n\r\n"));
  REQUIRE(eventually([&] { return part->point->is_watched(); }));
  part->point->offer({.offset = 7, .value = R"({"auth":"s3cret"})"});
  CHECK(samples.read_until("event: sample\ndata: {\"stream\":\"numbers\","));
  CHECK(samples.read_until(R"("value":"{\"auth\":\"***\"}"})"));
  process->stop();  // does not wait for those who read on
  CHECK(lines.read_to_end());
  CHECK(samples.read_to_end());
}

TEST_CASE_METHOD(Running,
                 "connections that say nothing, huge headers and slow readers hold up nobody") {
  start();
  REQUIRE(get("/livez").status == 200);
  const std::uint64_t resident = process_stats().resident_bytes;
  std::vector<std::unique_ptr<testing::Wire>> silent;
  for (int i = 0; i < 1'000; ++i)  // more than there is room for
    silent.push_back(std::make_unique<testing::Wire>(port()));
  CHECK(get("/livez").status == 200);
  // Whoever guesses, and pages of other sites, change nothing and leave nothing behind.
  http::Client guesser{{.port = port(), .timeout = 30s}};
  for (int i = 0; i < 300; ++i) {
    const std::vector<Header> wrong{{"Authorization", "Bearer " + std::to_string(i)},
                                    {"Content-Type", "application/json"}};
    const std::vector<Header> foreign{{"Authorization", "Bearer " + kToken},
                                      {"Content-Type", "application/json"},
                                      {"Origin", "https://elsewhere.example"}};
    const auto guessed = guesser.send(Method::kPost, "/api/v1/drain", "", wrong);
    const auto crossed = guesser.send(Method::kPost, "/api/v1/drain", "", foreign);
    REQUIRE(guessed);
    REQUIRE(crossed);
    REQUIRE(guessed->status == 401);
    REQUIRE(crossed->status == 403);
  }
  CHECK_FALSE(process->is_stop_requested());
  CHECK(process_stats().resident_bytes < resident + (64U << 20));
  testing::Wire huge{port()};
  huge.send("GET / HTTP/1.1\r\nX: " + std::string(100'000, 'x'));
  CHECK(huge.read_until("431"));

  testing::Wire slow{port()};
  REQUIRE(slow.send("GET /api/v1/logs/stream HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  REQUIRE(slow.read_until("\r\n\r\n"));
  const std::string long_text(4'000, 'x');
  // Far more than sockets and the queue take: repeats of one message would be held back.
  for (int i = 0; i < 5'000; ++i)
    log.info("long " + std::to_string(i), {{"text", long_text}});
  CHECK(slow.read_to_end());  // cut off
  CHECK(slow.received().find("long 4999") == std::string::npos);

  std::vector<std::unique_ptr<testing::Wire>> readers;
  for (int i = 0; i < 17; ++i) {
    readers.push_back(std::make_unique<testing::Wire>(port()));
    readers.back()->send("GET /api/v1/tap?stream=numbers HTTP/1.1\r\nHost: localhost\r\n\r\n");
    REQUIRE(readers.back()->read_until("\r\n\r\n"));
  }
  CHECK(readers.back()->received().starts_with("HTTP/1.1 503"));
  const std::uint64_t then = opened("one");
  CHECK(eventually([&] { return opened("one") > then; }));
  CHECK(get("/readyz").status == 200);
}

TEST_CASE_METHOD(Running, "the command line shows a running program, and operates it") {
  start();
  REQUIRE(eventually([&] { return opened("one") > 10; }));
  std::ostringstream out;
  std::ostringstream err;
  const auto run = [&](std::vector<std::string> arguments) {
    out.str("");
    err.str("");
    Program program{.name = "test", .about = "an example"};
    program.assemble = one_topology([] { return test::picky_topology(10); });
    const std::vector<std::string> where{"--at", process->control_url(), "--set",
                                         "control.token=" + kToken};
    arguments.insert(arguments.end(), where.begin(), where.end());
    const int code = run_command_line(arguments, std::move(program), {out, err, {}});
    INFO(err.str());
    return code;
  };
  const auto shows = [&](const std::string& text) {
    return out.str().find(text) != std::string::npos;
  };
  CHECK(run({"status"}) == 0);
  CHECK(shows("test 9, running"));
  CHECK(shows("topology two"));
  CHECK(run({"status", "--format", "json"}) == 0);
  CHECK(json::parse(out.str())["program"] == "test");
  CHECK(run({"top"}) == 0);
  CHECK(shows(" %"));
  CHECK(run({"errors"}) == 0);
  CHECK(out.str() == "no errors\n");
  CHECK(run({"lag"}) == 0);
  CHECK(run({"logs", "--limit", "1"}) == 0);
  part->why = "the registry is 12 records behind";
  CHECK(run({"status"}) == 3);
  CHECK(shows("part: the registry is 12 records behind"));

  std::thread offers{[&] {
    eventually([&] {
      part->point->offer({.offset = 7, .value = "{}"});
      return process->is_stop_requested();
    });
  }};
  CHECK(run({"tap", "numbers", "--count", "2"}) == 0);
  CHECK(shows(" 7 {}"));
  CHECK(run({"tap", "nothing"}) == 1);
  CHECK(run({"pause", "numbers"}) == 1);
  CHECK(run({"pause", "numbers", "--topology", "two"}) == 0);
  CHECK(out.str() == "two/numbers is paused\n");
  CHECK(run({"resume", "numbers", "--topology", "two"}) == 0);
  CHECK(run({"drain", "--no-wait"}) == 0);
  CHECK(process->is_stop_requested());
  offers.join();
  std::thread ends{[&] { process->stop(); }};
  CHECK(run({"drain"}) <= 1);  // it may be gone before it is asked
  ends.join();
  CHECK(run({"status"}) == 1);
}

TEST_CASE_METHOD(Running, "over TLS the command line sees who it speaks to") {
  const testing::TestAuthority authority{directory.path(), "test"};
  const auto files = authority.sign("here", "IP:127.0.0.1");
  options.control.certificate_file = files.certificate;
  options.control.key_file = files.key;
  start();
  std::ostringstream out;
  std::ostringstream err;
  const auto status = [&](const std::vector<std::string>& more) {
    std::vector<std::string> arguments{"status", "--at", process->control_url()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    Program program{.name = "test", .about = "an example"};
    program.assemble = one_topology([] { return test::picky_topology(10); });
    return run_command_line(arguments, std::move(program), {out, err, {}});
  };
  CHECK(process->control_url().starts_with("https://"));
  CHECK(status({}) == 1);  // nobody here knows that authority
  CHECK(status({"--ca", authority.certificate()}) == 0);
  CHECK(out.str().find("test 9, running") != std::string::npos);
}

TEST_CASE_METHOD(Running, "the token is in no log, view or audit log") {
  start();
  REQUIRE(change(Method::kPost, "/api/v1/spouts/numbers/pause?topology=one").status == 200);
  CHECK(send(Method::kPost, "/api/v1/drain", "",
             {{"Authorization", "Bearer " + kToken + "x"}, {"Content-Type", "application/json"}})
            .status == 401);
  std::string all;
  for (const char* path :
       {"/metrics", "/api/v1/topology", "/api/v1/logs", "/api/v1/access", "/readyz"})
    all += get(path).body;
  std::ifstream audit{directory.path() / "test.audit.jsonl"};
  all.append(std::istreambuf_iterator<char>{audit}, {});
  const std::lock_guard lock{mutex};
  all += logged;
  CHECK(all.find("spout.pause") != std::string::npos);
  CHECK(all.find(kToken) == std::string::npos);
}
