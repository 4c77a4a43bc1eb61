// Warm authentication in one process: reports from memory, through the whole topology, to a sink that
// takes everything. What it does not show: a broker, TLS, a disk; bcrypt, which a warm device costs
// nothing of. Counters say where the CPU went, by thread.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <benchmark/benchmark.h>

#include "bora/check.hpp"
#include "bora/running_topology.hpp"
#include "support/authentication_world.hpp"
#include "topologies/authentication/topology.hpp"

namespace {

using namespace bora;
using namespace bora::authentication;
using namespace bora::authentication::testing;
using namespace std::chrono_literals;

constexpr std::uint64_t kDevices = 10'000;
constexpr std::uint64_t kGateways = 100;
constexpr std::uint64_t kReports = 300'000;

/// Gives the same reports again and again, so many in all.
class RepeatingSource final : public RecordSource {
 public:
  RepeatingSource(const std::vector<Record>& records, std::uint64_t count)
      : records_(records), left_(count) {}
  [[nodiscard]] std::string_view topic() const noexcept override { return "reports"; }
  Status open(AssignmentListener& listener, std::function<void()>) override {
    listener_ = &listener;
    return {};
  }
  Result<std::size_t> poll(std::size_t max, std::vector<SourceRecord>& out) override {
    if (!is_assigned_) listener_->on_assigned(0, 1, 0);
    is_assigned_ = true;
    std::size_t taken = 0;
    for (; taken < max && left_ > 0; ++taken, --left_) {
      out.push_back({{0, next_, 1}, records_[static_cast<std::size_t>(next_) % records_.size()]});
      ++next_;
    }
    return taken;
  }
  void pause() override {}
  void resume() override {}
  Status commit(std::span<const CommitRequest>) override { return {}; }
  void close() override { listener_->on_revoked(0, 1, AssignmentListener::Leave::kRevoked); }

 private:
  const std::vector<Record>& records_;
  std::uint64_t left_;
  std::int64_t next_ = 0;
  bool is_assigned_ = false;
  AssignmentListener* listener_ = nullptr;
};

/// Delivers everything at the next poll.
class CountingSink final : public RecordSink {
 public:
  explicit CountingSink(std::atomic<std::uint64_t>& readings) : readings_(readings) {}
  Status append(std::string_view topic, Record record, Tag tag) override {
    benchmark::DoNotOptimize(record);
    BORA_CHECK(topic == "readings", "a good report was rejected");
    Delivery& delivery = done_.emplace_back();
    delivery.tag = tag;
    if (done_.size() == 1 && wake_) wake_();
    return {};
  }
  std::size_t poll(std::vector<Delivery>& out) override {
    const std::size_t taken = done_.size();
    for (Delivery& delivery : done_)
      out.push_back(std::move(delivery));
    done_.clear();
    readings_.fetch_add(taken);
    return taken;
  }
  Status flush(std::chrono::milliseconds) override { return {}; }
  void on_delivery(std::function<void()> wake) override { wake_ = std::move(wake); }

 private:
  std::atomic<std::uint64_t>& readings_;
  std::vector<Delivery> done_;
  std::function<void()> wake_;
};

/// CPU seconds of each thread of this process, by its name.
std::map<std::string, double> cpu_by_thread() {
  std::map<std::string, double> cpu;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    std::ifstream file(task.path() / "schedstat");
    std::ifstream name_file(task.path() / "comm");
    std::string name;
    double ns = 0;
    if (file >> ns && std::getline(name_file, name)) cpu[name] += ns * 1e-9;
  }
  return cpu;
}

void warm_topology(benchmark::State& state) {
  coldchain::RegistryView view;
  // Answers on the bolt's own thread: each bolt has a verifier's lock to itself here.
  struct DirectVerifier final : SecretVerifier {
    bool submit(CheckLane, SecretCheck check) override {
      check.done(check.hash == FakeVerifier::hash_of(check.secret.reveal()));
      return true;
    }
  } verifier;
  std::vector<Record> reports;
  for (std::uint64_t id = 0; id < kDevices; ++id) {
    view.apply(device_entry(id));
    reports.push_back(record_of(report_of(id, id % kGateways)));
  }
  for (std::uint64_t id = 0; id < kGateways; ++id)
    view.apply(gateway_entry(id));
  view.set_ready();

  std::map<std::string, double> cpu;
  for (auto _ : state) {
    std::atomic<std::uint64_t> readings{0};
    const auto sink = [&](std::uint32_t) { return std::make_unique<CountingSink>(readings); };
    auto topology = make_topology(
        {}, {.connections = {.source =
                                 [&](std::uint32_t) {
                                   return std::make_unique<RepeatingSource>(reports, kReports);
                                 },
                             .dead_letters = sink},
             .sinks = sink,
             .checks = check_world(view, verifier)});
    BORA_CHECK(topology.is_ok(), topology.status().message());
    auto running = RunningTopology::start(std::move(topology).value());
    BORA_CHECK(running.is_ok(), running.status().message());
    while (readings.load() < kReports)
      std::this_thread::sleep_for(1ms);
    for (const auto& [name, seconds] : cpu_by_thread())
      cpu[name] += seconds;
    static_cast<void>((*running)->stop(5s));
  }
  const auto all = static_cast<double>(state.iterations()) * static_cast<double>(kReports);
  state.SetItemsProcessed(static_cast<std::int64_t>(all));
  for (const auto& [name, seconds] : cpu)
    if (name.find('.') != std::string::npos) state.counters["ns " + name] = seconds * 1e9 / all;
}
BENCHMARK(warm_topology)->Iterations(3)->UseRealTime()->MeasureProcessCPUTime();

void parse(benchmark::State& state) {
  const Record record = record_of(report_of(123, 7));
  for (auto _ : state)
    benchmark::DoNotOptimize(coldchain::parse_report(record.value));
}
BENCHMARK(parse);

void encode_reading(benchmark::State& state) {
  const Outcome outcome{Finding::kAccepted, coldchain::DeviceId{123}, from_millis(1),
                        consumed(record_of(report_of(123, 7)))};
  for (auto _ : state)
    benchmark::DoNotOptimize(encode(outcome));
}
BENCHMARK(encode_reading);

void ask_desk(benchmark::State& state) {
  FakeVerifier verifier;
  DeskStats stats;
  CredentialDesk desk{{1, 2}, {}, verifier, stats};
  const auto entry = device_entry(123);
  const std::string secret = std::to_string(device_secret(123));
  for (auto _ : state)
    benchmark::DoNotOptimize(desk.ask(123, secret, entry.auth_hash, Instant{}));
}
BENCHMARK(ask_desk);

void look_up(benchmark::State& state) {
  coldchain::RegistryView view;
  for (std::uint64_t id = 0; id < kDevices; ++id)
    view.apply(device_entry(id));
  std::uint64_t id = 0;
  for (auto _ : state)
    benchmark::DoNotOptimize(view.device(coldchain::DeviceId{++id % kDevices}));
}
BENCHMARK(look_up);

}  // namespace
