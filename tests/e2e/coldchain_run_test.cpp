#include <arpa/inet.h>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <set>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "e2e/coldchain_fixture.hpp"
#include "e2e/load.hpp"
#include "e2e/program.hpp"

using namespace bora;
using namespace bora::e2e;
using namespace std::chrono_literals;

namespace {

/// Sends bytes and returns everything that comes back until the end of the connection.
std::string exchange_raw(std::uint16_t port, const std::string& bytes) {
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  std::string answer;
  if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
    const timeval most{5, 0};
    ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &most, sizeof most);
    (void)!::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    char buffer[4096];
    for (ssize_t got = 0; (got = ::recv(socket, buffer, sizeof buffer, 0)) > 0;)
      answer.append(buffer, static_cast<std::size_t>(got));
  }
  ::close(socket);
  return answer;
}

bool wait_accepted(const Load& load, std::uint64_t count) {
  const auto deadline = std::chrono::steady_clock::now() + 20s;
  while (load.accepted_so_far() < count && std::chrono::steady_clock::now() < deadline)
    std::this_thread::sleep_for(5ms);
  return load.accepted_so_far() >= count;
}

}  // namespace

TEST_CASE("bad requests get an answer that says what was wrong, and leave nothing behind") {
  Coldchain coldchain;
  coldchain.start();
  REQUIRE(coldchain.wait_ready());
  const std::uint16_t port = coldchain.ingest_port();
  Reports reports{"bad"};
  const std::string good = reports.next();
  std::string answers;
  const auto status_of = [&](const Result<http::Response>& response) {
    if (!response) return 0;
    answers += response->body;
    return response->status;
  };

  const auto faulty = post(port, good + "\n" + good.substr(0, good.size() - 5) + "\n{}\n");
  CHECK(status_of(faulty) == 400);
  const auto faults = nlohmann::json::parse(faulty->body)["faults"];
  REQUIRE(faults.size() == 2);
  CHECK(faults[0]["line"] == 2);
  CHECK(faults[0]["reason"] == "malformed_json");
  CHECK(faults[1]["line"] == 3);
  CHECK(faults[1]["reason"] == "missing_field");

  CHECK(status_of(post(port, "")) == 400);
  CHECK(status_of(post(port, std::string(70'000, ' ') + good)) == 413);      // a line
  CHECK(status_of(post(port, std::string(2'000'000, '\n') + good)) == 413);  // the body
  http::Client client{{.port = port}};
  CHECK(status_of(client.post("/v1/reports", good, "text/plain")) == 415);
  CHECK(status_of(client.get("/v1/reports")) == 405);
  CHECK(status_of(client.post("/v1/report", good)) == 404);
  for (const char* nonsense : {"nonsense\r\n\r\n", "POST /v1/reports HTTP/1.1\r\nno colon\r\n\r\n",
                               "POST /v1/reports HTTP/1.1\r\nContent-Length: -1\r\n\r\n"}) {
    const std::string answer = exchange_raw(port, nonsense);
    CHECK(answer.substr(0, 12) == "HTTP/1.1 400");
    answers += answer;
  }

  CHECK(status_of(post(port, good)) == 202);
  CHECK(coldchain.wait_done());
  CHECK(coldchain.metric("coldchain_ingest_requests_total{status=\"400\"}") == 2);
  CHECK(coldchain.metric("coldchain_ingest_requests_total{status=\"202\"}") == 1);
  CHECK(coldchain.metric("coldchain_ingest_http_rejected_total") >= 4);
  CHECK(coldchain.stop() == 0);
  const DataFacts facts = check_data(coldchain.data(), {good});
  CHECK(facts.faults == std::vector<std::string>{});
  CHECK(facts.records == 1);
  CHECK(secrets_in(good).size() == 2);  // it does find them
  CHECK(secrets_in(answers).empty());
  CHECK(secrets_in(coldchain.log()).empty());
}

TEST_CASE("when too many requests wait, clients are told 429 and what was taken is not lost") {
  Coldchain coldchain;
  coldchain.start({"ingest.max_waiting=2"});  // and so at most four connections
  REQUIRE(coldchain.wait_ready());
  Load load{4};
  load.set_port(coldchain.ingest_port());
  const auto deadline = std::chrono::steady_clock::now() + 20s;
  const auto is_enough = [&] {
    return coldchain.metric("coldchain_ingest_requests_total{status=\"429\"}") > 0 &&
           load.accepted_so_far() > 200;
  };
  while (!is_enough() && std::chrono::steady_clock::now() < deadline)
    std::this_thread::sleep_for(10ms);
  CHECK(is_enough());
  load.finish(Load::Last::kAnswered);
  CHECK(load.told_to_wait() > 0);
  CHECK(load.surprises().empty());
  CHECK(coldchain.wait_done());
  CHECK(coldchain.stop() == 0);
  const DataFacts facts = check_data(coldchain.data(), load.accepted());
  CHECK(facts.faults == std::vector<std::string>{});
  CHECK(facts.records == load.accepted().size());  // what was told to wait was not taken
}

TEST_CASE("SIGTERM under load drains and exits 0, and a second start goes on where it was") {
  Coldchain coldchain;
  Load load{4};
  coldchain.start();
  REQUIRE(coldchain.wait_ready());
  load.set_port(coldchain.ingest_port());
  REQUIRE(wait_accepted(load, 500));
  CHECK(coldchain.stop() == 0);
  CHECK(coldchain.program().output().find("\"drained\":true") != std::string::npos);
  CHECK(coldchain.program().output().find("\"left_in_flight\":0") != std::string::npos);

  const std::uint64_t before = load.accepted_so_far();
  coldchain.start();
  REQUIRE(coldchain.wait_ready());
  load.set_port(coldchain.ingest_port());
  REQUIRE(wait_accepted(load, before + 500));
  load.finish(Load::Last::kAnswered);
  CHECK(coldchain.wait_done());
  CHECK(coldchain.stop() == 0);
  CHECK(load.surprises().empty());
  const DataFacts facts = check_data(coldchain.data(), load.accepted());
  CHECK(facts.faults == std::vector<std::string>{});
  CHECK(facts.entries == facts.records);
  CHECK(secrets_in(coldchain.log()).empty());
}

TEST_CASE("a process that is a gateway, too, keeps what devices tell it, and reports it itself") {
  Coldchain coldchain;
  coldchain.register_devices();
  coldchain.start(gateway_settings());
  REQUIRE(coldchain.wait_ready());
  http::Client client{{.port = coldchain.gateway_port()}};
  for (const std::uint64_t device : {1, 2, 3}) {
    const auto answer =
        client.post("/v1/messages", device_message("said-" + std::to_string(device), device),
                    "application/json");
    REQUIRE(answer);
    CHECK(answer->status == 202);
  }
  const auto deadline = std::chrono::steady_clock::now() + 20s;
  while (coldchain.metric("gateway_delivered_messages_total") < 3 &&
         std::chrono::steady_clock::now() < deadline)
    std::this_thread::sleep_for(20ms);
  CHECK(coldchain.wait_done());
  CHECK(coldchain.stop() == 0);
  const DataFacts facts = check_data(coldchain.data(), {});
  CHECK(facts.faults == std::vector<std::string>{});
  CHECK(facts.records == 3);
  CHECK(facts.readings == 3);
  CHECK(secrets_in(coldchain.log()).empty());

  coldchain.start({"gateway.id=1"});
  CHECK(coldchain.program().wait(20s) == 2);
  CHECK(coldchain.program().output().find("gateway.token") != std::string::npos);
}

TEST_CASE("as many devices as there are, known and unknown, make no series of metrics more") {
  constexpr std::uint64_t kMany = 100;
  Coldchain coldchain;
  coldchain.register_devices(kMany);
  coldchain.start();
  REQUIRE(coldchain.wait_ready());
  Reports known{"known", kMany};
  Reports unknown{"unknown", 3 * kMany};
  const auto send = [&coldchain](Reports& reports, std::uint64_t count) {
    std::string body;
    for (std::uint64_t i = 0; i < count; ++i)
      body += reports.next() + "\n";
    const auto answer = post(coldchain.ingest_port(), body);
    return answer && answer->status == 202 && coldchain.wait_done();
  };
  // One report of each fate first: a kind of it may be shown from its first one on.
  for (std::uint64_t i = 0; i < kMany; ++i)
    static_cast<void>(unknown.next());
  REQUIRE(send(known, 1));
  REQUIRE(send(unknown, 1));
  const std::set<std::string> of_two = coldchain.series();
  REQUIRE(of_two.size() > 1'000);

  REQUIRE(send(known, 2 * kMany));
  REQUIRE(send(unknown, kMany));
  CHECK(coldchain.metric("registry_devices") == kMany);
  CHECK(coldchain.series() == of_two);
  CHECK(coldchain.stop() == 0);
  const DataFacts facts = check_data(coldchain.data(), {});
  CHECK(facts.faults == std::vector<std::string>{});
  CHECK(facts.readings == 2 * kMany + 1);
  CHECK(facts.rejected == kMany + 1);
}

TEST_CASE("a port that is taken, and data that is in use, end the start with exit code 1") {
  Coldchain first;
  first.start();
  REQUIRE(first.wait_ready());
  {
    Coldchain second;
    const std::string port = std::to_string(first.ingest_port());
    Program& program = second.start({"ingest.port=" + port});
    CHECK(program.wait(20s) == 1);
    CHECK(program.output().find("ingest did not start: cannot listen on 127.0.0.1:" + port) !=
          std::string::npos);
    CHECK(program.output().find("choose another port") != std::string::npos);
  }
  {
    Coldchain second;
    Program& program = second.start({"data=" + first.data().string()});
    CHECK(program.wait(20s) == 1);
    CHECK(program.output().find("it is open already") != std::string::npos);
  }
  CHECK(first.stop() == 0);
}

TEST_CASE("the archive is read beside the process that owns it") {
  Coldchain coldchain;
  coldchain.start();
  REQUIRE(coldchain.wait_ready());
  // What is archived holds secrets.
  namespace fs = std::filesystem;
  CHECK(fs::status(coldchain.data()).permissions() == fs::perms::owner_all);
  Reports reports{"store"};
  const std::string report = reports.next();  // of device 1
  REQUIRE(post(coldchain.ingest_port(), report + "\n" + reports.next())->status == 202);
  REQUIRE(coldchain.wait_done());
  const std::string data = "data=" + coldchain.data().string();
  const auto run = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--set", data});
    Program program{BORA_COLDCHAIN, std::move(arguments), coldchain.log_file()};
    CHECK(program.wait(20s) == 0);
    return program.output();
  };
  CHECK(run({"store", "count"}) == "2\n");
  const auto entry = nlohmann::json::parse(run({"store", "scan", "--device", "1"}));
  CHECK(entry["message"] == nlohmann::json::parse(report));
  CHECK(coldchain.stop() == 0);
}
