#include <algorithm>
#include <chrono>
#include <mutex>
#include <signal.h>
#include <sstream>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "connectors/http/client.hpp"
#include "host/run.hpp"
#include "support/host_example.hpp"

using namespace bora;
using namespace bora::host;
using namespace std::chrono_literals;

namespace {

using Steady = std::chrono::steady_clock;

struct Recorder {
  std::mutex mutex;
  std::vector<std::string> lines;
  std::vector<std::string> steps;

  LogOptions log_options() {
    LogOptions options;
    options.sink = [this](std::string_view line) {
      const std::lock_guard lock{mutex};
      lines.emplace_back(line);
    };
    return options;
  }
  bool logged(const std::string& text) {
    const std::lock_guard lock{mutex};
    return std::any_of(lines.begin(), lines.end(), [&](const std::string& line) {
      return line.find(text) != std::string::npos;
    });
  }
};

class Step final : public Service {
 public:
  Step(std::string name, Recorder& recorder, Status outcome = {})
      : name_(std::move(name)), recorder_(recorder), outcome_(std::move(outcome)) {}
  [[nodiscard]] std::string_view name() const noexcept override { return name_; }
  Status start() override {
    recorder_.steps.push_back("+" + name_);
    return outcome_;
  }
  void stop(std::chrono::milliseconds) override { recorder_.steps.push_back("-" + name_); }
  [[nodiscard]] std::vector<Sample> samples() const override {
    return {{.name = "step_running", .help = "1.", .labels = {{"name", name_}}, .value = 1}};
  }

 private:
  std::string name_;
  Recorder& recorder_;
  Status outcome_;
};

ProcessOptions on_any_port() {
  ProcessOptions options;
  options.program = "test";
  options.version = "9";
  options.control.port = 0;
  return options;
}

http::Client client_of(const Process& process) {
  const std::string url = process.control_url();
  const auto port = static_cast<std::uint16_t>(std::stoi(url.substr(url.rfind(':') + 1)));
  return http::Client{{.port = port}};
}

template <class Condition>
bool eventually(Condition is_so) {
  for (const auto deadline = Steady::now() + 10s; Steady::now() < deadline;) {
    if (is_so()) return true;
    std::this_thread::sleep_for(5ms);
  }
  return false;
}

double value_of(const std::string& text, const std::string& series) {
  const auto at = text.find("\n" + series + " ");
  return at == std::string::npos ? -1 : std::stod(text.substr(at + series.size() + 2));
}

}  // namespace

TEST_CASE_METHOD(Recorder,
                 "parts start in order and stop in reverse, and a failed start undoes itself") {
  Log log{log_options()};
  SECTION("all start") {
    Process process{on_any_port(), log};
    Assembly assembly;
    assembly.add(std::make_unique<Step>("store", *this));
    assembly.add(test::picky_topology(10).value());
    assembly.add(std::make_unique<Step>("ingest", *this));
    REQUIRE(process.start(std::move(assembly)));
    CHECK(process.stop().drained);
    CHECK(steps == std::vector<std::string>{"+store", "+ingest", "-ingest", "-store"});
  }
  SECTION("one does not") {
    Process process{on_any_port(), log};
    Assembly assembly;
    assembly.add(std::make_unique<Step>("store", *this));
    assembly.add(
        std::make_unique<Step>("ingest", *this, Status{ErrorKind::kUnavailable, "port taken"}));
    assembly.add(std::make_unique<Step>("never", *this));
    const Status started = process.start(std::move(assembly));
    CHECK(started.message() == "ingest did not start: port taken");
    CHECK(steps == std::vector<std::string>{"+store", "+ingest", "-store"});
  }
}

TEST_CASE_METHOD(Recorder, "the control plane shows a topology at work and its counters conserve") {
  Log log{log_options()};
  Process process{on_any_port(), log};
  Assembly assembly;
  assembly.add(test::picky_topology(1'000).value());
  assembly.add(std::make_unique<Step>("store", *this));
  REQUIRE(process.start(std::move(assembly)));
  REQUIRE(eventually([&] { return process.is_finished(); }));
  http::Client client = client_of(process);

  CHECK(client.get("/livez")->status == 200);
  CHECK(client.get("/readyz")->status == 200);

  const auto metrics = client.get("/metrics");
  CHECK(metrics->content_type == "text/plain; version=0.0.4; charset=utf-8");
  const std::string spout = "{topology=\"picky\",component=\"numbers\"}";
  CHECK(value_of(metrics->body, "topology_tuples_opened_total" + spout) == 1'000);
  CHECK(value_of(metrics->body, "topology_tuples_acked_total" + spout) == 991);
  CHECK(value_of(metrics->body, "topology_tuples_failed_total" + spout) == 9);
  CHECK(value_of(metrics->body, "topology_pending_tuples" + spout) == 0);
  CHECK(value_of(metrics->body,
                 "topology_tuples_executed_total{topology=\"picky\",component=\"picky\"}") ==
        1'000);
  CHECK(value_of(metrics->body, "step_running{name=\"store\"}") == 1);

  const auto view = nlohmann::json::parse(client.get("/api/v1/topology")->body);
  CHECK(view["program"] == "test");
  const auto& topology = view["topologies"][0];
  CHECK(topology["name"] == "picky");
  CHECK(topology["nodes"].size() == 2);
  REQUIRE(topology["tasks"].size() == 3);
  CHECK(topology["errors"].size() >= 1);
  std::uint64_t executed = 0;
  for (const auto& task : topology["tasks"])
    executed += task.value("executed", std::uint64_t{0});
  CHECK(executed == 1'000);

  const auto page = client.get("/");
  CHECK(page->content_type == "text/html; charset=utf-8");
  CHECK(page->body.find("/api/v1/") != std::string::npos);
  for (const char* elsewhere : {"src=\"http", "href=\"http", "url(http", "fetch(\"http", "@import"})
    CHECK(page->body.find(elsewhere) == std::string::npos);
  CHECK(client.post("/livez", "")->status == 405);
  process.stop();
}

TEST_CASE_METHOD(Recorder, "a process is not ready while it starts or stops") {
  Log log{log_options()};
  Process process{on_any_port(), log};
  std::string while_starting;
  std::string while_stopping;
  class Asks final : public Service {
   public:
    Asks(Process& process, std::string& first, std::string& last)
        : process_(process), first_(first), last_(last) {}
    [[nodiscard]] std::string_view name() const noexcept override { return "asks"; }
    Status start() override {
      first_ =
          client_of(process_).get("/readyz")->body + client_of(process_).get("/startupz")->body;
      return {};
    }
    void stop(std::chrono::milliseconds) override {
      last_ = client_of(process_).get("/readyz")->body;
    }

   private:
    Process& process_;
    std::string& first_;
    std::string& last_;
  };
  Assembly assembly;
  assembly.add(std::make_unique<Asks>(process, while_starting, while_stopping));
  REQUIRE(process.start(std::move(assembly)));
  process.stop();
  CHECK(while_starting.find("\"state\":\"starting\"") != std::string::npos);
  CHECK(while_starting.find("not every part has started yet") != std::string::npos);
  CHECK(while_stopping.find("the process is stopping") != std::string::npos);
}

TEST_CASE_METHOD(Recorder, "serve ends by itself when every spout has finished") {
  Log log{log_options()};
  const ProcessOptions options = on_any_port();
  std::ostringstream out;
  Invocation invocation{log, options, out};
  Assembly assembly;
  assembly.add(test::picky_topology(500).value());
  CHECK(serve(invocation, std::move(assembly)) == 0);
  CHECK(logged("drained=true"));
}

TEST_CASE_METHOD(Recorder, "serve drains at SIGTERM and succeeds") {
  Log log{log_options()};
  const ProcessOptions options = on_any_port();
  std::ostringstream out;
  Invocation invocation{log, options, out};
  Assembly assembly;
  assembly.add(test::picky_topology(test::Numbers::kEndless).value());
  bool is_sent = false;
  CHECK(serve(invocation, std::move(assembly), [&](Process&) {
          if (!is_sent) ::raise(SIGTERM);
          is_sent = true;
          return false;
        }) == 0);
  CHECK(logged("signal: draining"));
  CHECK(logged("drained=true"));
}

TEST_CASE_METHOD(Recorder, "a second signal stops the drain, and that is exit code 1") {
  class Keeps final : public Bolt<std::uint64_t> {
   public:
    void execute(const std::uint64_t&) override { tokens_.push_back(hold()); }
    void close() override { tokens_.clear(); }

   private:
    std::vector<AckToken> tokens_;
  };
  TopologyBuilder builder{"keeps"};
  const auto numbers = builder.spout("numbers", [] { return std::make_unique<test::Numbers>(3); });
  builder.bolt("keeps", [] { return std::make_unique<Keeps>(); }).shuffle(numbers);
  Log log{log_options()};
  const ProcessOptions options = on_any_port();
  std::ostringstream out;
  Invocation invocation{log, options, out};
  Assembly assembly;
  assembly.add(builder.build().value());
  std::thread impatient;
  const auto began = Steady::now();
  CHECK(serve(invocation, std::move(assembly), [&](Process& process) {
          if (impatient.joinable() || process.metrics("keeps")->tasks[0].in_flight < 3)
            return false;
          impatient = std::thread{[&] {
            ::kill(::getpid(), SIGTERM);
            if (eventually([&] { return logged("stopping"); })) ::kill(::getpid(), SIGINT);
          }};
          return false;
        }) == 1);
  impatient.join();
  CHECK(Steady::now() - began < 10s);  // the drain alone would take 30
  CHECK(logged("second signal"));
  CHECK(logged("drained=false"));
  CHECK(logged("left_in_flight=3"));
}

TEST_CASE_METHOD(Recorder, "a component that does not open is exit code 1 with its own words") {
  Log log{log_options()};
  const ProcessOptions options = on_any_port();
  std::ostringstream out;
  Invocation invocation{log, options, out};
  Assembly assembly;
  assembly.add(test::broken_topology().value());
  CHECK(serve(invocation, std::move(assembly)) == 1);
  CHECK(logged("topology broken did not start"));
  CHECK(logged("no store at ./x: mend the path"));
}
