#include "benchmarks/scrape/load.hpp"

#include <chrono>
#include <utility>

#include "bora/check.hpp"
#include "bora/topology.hpp"
#include "host/assembly.hpp"

namespace bora::scrape {

namespace {

using namespace std::chrono_literals;
using peers::Sample;

/// source -> map -> keyed mean -> sink.
Topology chain(const std::string& name, peers::Run& run, bool is_local) {
  TopologyBuilder topology{name};
  auto source = topology.spout("source", [&run] { return peers::PeerSpout<Sample>{run}; });
  auto map = topology.bolt("map", [] { return peers::FahrenheitBolt{}; });
  auto keyed = topology.bolt("keyed", [] { return peers::MeanBolt{}; });
  auto sink = topology.bolt("sink", [&run] { return peers::PeerSink<Sample>{run, 0}; });
  if (is_local) {
    map.local(source);
    keyed.local(map);
    sink.local(keyed);
  } else {
    map.shuffle(source);
    keyed.fields(map, &Sample::device);
    sink.shuffle(keyed);
  }
  Result<Topology> built = topology.build();
  BORA_CHECK(built.is_ok(), built.status().message());
  return *std::move(built);
}

}  // namespace

Load::Load(const Shape& shape)
    : options_({.guarantee = peers::Guarantee::kAtLeastOnce}),
      log_({.level = host::LogLevel::kWarn}) {
  host::Assembly assembly;
  for (std::size_t i = 0; i < shape.topologies; ++i) {
    runs_.push_back(std::make_unique<peers::Run>(options_));
    assembly.add(chain("chain" + std::to_string(i), *runs_.back(), shape.is_local));
  }
  host::ProcessOptions options{.program = "scrape"};
  options.control.port = 0;
  options.control.token = host::Secret{"nothing is changed"};
  process_ = std::make_unique<host::Process>(options, log_);
  const Status started = process_->start(std::move(assembly));
  BORA_CHECK(started.is_ok(), started.message());
  const std::string url = process_->control_url();
  const int port = std::stoi(url.substr(url.rfind(':') + 1));
  client_ = std::make_unique<http::Client>(
      http::ClientOptions{.port = static_cast<std::uint16_t>(port), .timeout = 60s});
  for (const auto& run : runs_) {
    run->go = true;
    run->wake_spout();
  }
}

Load::~Load() {
  for (const auto& run : runs_) {
    run->sending = false;
    run->wake_spout();
  }
  for (const auto& run : runs_)
    BORA_CHECK(
        peers::wait_until([&] { return run->has_sent_all && run->progress.total() >= run->sent; }),
        "not everything that was sent is acked after a minute");
  BORA_CHECK(process_->stop().drained, "the process has not drained");
  for (const auto& run : runs_)
    BORA_CHECK(run->failed == 0 && run->received.count == run->sent, "tuples were lost or failed");
}

std::uint64_t Load::acked() const {
  std::uint64_t all = 0;
  for (const auto& run : runs_)
    all += run->progress.total();
  return all;
}

std::string Load::scrape() {
  Result<http::Response> answer = client_->get("/metrics");
  BORA_CHECK(answer.is_ok(), answer.status().message());
  BORA_CHECK(answer->status == 200, "/metrics does not answer with 200");
  return std::move(answer->body);
}

}  // namespace bora::scrape
