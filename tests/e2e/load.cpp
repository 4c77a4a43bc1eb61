#include "e2e/load.hpp"

#include <chrono>

#include "e2e/coldchain_fixture.hpp"

namespace bora::e2e {

namespace {
using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;
constexpr std::uint32_t kMostAtOnce = 8;
constexpr auto kPause = 5ms;
constexpr auto kMostWait = 30s;  // for one 202; a start takes a fraction of a second
}  // namespace

Load::Load(std::uint32_t clients) : clients_(clients) {
  for (std::uint32_t i = 0; i < clients; ++i)
    clients_[i].thread = std::thread{[this, i] { run(clients_[i], i); }};
}

void Load::finish(Last last) {
  if (last == Last::kGiveUp) gives_up_ = true;
  is_finishing_ = true;
  for (Client& client : clients_)
    if (client.thread.joinable()) client.thread.join();
}

void Load::run(Client& client, std::uint32_t number) {
  Reports reports{"client" + std::to_string(number)};
  for (std::uint32_t round = number; !is_finishing_; ++round) {
    std::vector<std::string> lines;
    std::string body;
    for (std::uint32_t i = 0; i <= round % kMostAtOnce; ++i) {
      lines.push_back(reports.next());
      body += lines.back() + '\n';
    }
    if (!deliver(client, body)) return;
    client.accepted.insert(client.accepted.end(), lines.begin(), lines.end());
    accepted_ += lines.size();
  }
}

bool Load::deliver(Client& client, const std::string& body) {
  const auto deadline = Steady::now() + kMostWait;
  while (!send(client, body)) {
    if (gives_up_) return false;
    if (Steady::now() > deadline) {
      client.surprises.emplace_back("no 202 within 30 s");
      return false;
    }
    std::this_thread::sleep_for(kPause);
  }
  return true;
}

bool Load::send(Client& client, const std::string& body) {
  if (const std::uint16_t port = port_; !client.connection || client.connected_to != port) {
    client.connected_to = port;
    client.connection.emplace(http::ClientOptions{.port = port, .timeout = 5s});
  }
  const auto response = client.connection->post("/v1/reports", body, "application/x-ndjson");
  if (!response) {
    ++unanswered_;
    return false;
  }
  if (response->status == 202) return true;
  if (response->status == 429 || response->status == 503)
    ++told_to_wait_;
  else
    client.surprises.push_back(std::to_string(response->status) + " " + response->body);
  return false;
}

std::vector<std::string> Load::accepted() const {
  std::vector<std::string> all;
  for (const Client& client : clients_)
    all.insert(all.end(), client.accepted.begin(), client.accepted.end());
  return all;
}

std::vector<std::string> Load::surprises() const {
  std::vector<std::string> all;
  for (const Client& client : clients_)
    all.insert(all.end(), client.surprises.begin(), client.surprises.end());
  return all;
}

}  // namespace bora::e2e
