#include "topologies/coldchain/codec.hpp"

#include <chrono>
#include <cstdint>
#include <string>

#include <benchmark/benchmark.h>

#include "bora/check.hpp"

namespace bora::coldchain {
namespace {

const Report kReport{.device_id = DeviceId{15'341'209},
                     .gateway_id = GatewayId{771},
                     .temperature = -18.4375,
                     .time = WallTime{std::chrono::milliseconds{1'700'000'123'456}},
                     .battery = 87,
                     .device_secret = DeviceSecret{9'154'301'772'233'111'200ULL},
                     .gateway_secret = GatewaySecret{"0123456789ABCDEF0123456789ABCDEF01234567"}};

void set_bytes(benchmark::State& state, std::size_t bytes) {
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes) * state.iterations());
  state.SetItemsProcessed(state.iterations());
}

void codec_write_report(benchmark::State& state) {
  std::string out;
  for (auto _ : state) {
    out.clear();
    write_report(kReport, out);
    benchmark::DoNotOptimize(out.data());
  }
  set_bytes(state, out.size());
}
BENCHMARK(codec_write_report);

void codec_parse_report(benchmark::State& state) {
  std::string bytes;
  write_report(kReport, bytes);
  for (auto _ : state) {
    auto report = parse_report(bytes);
    BORA_CHECK(report, "a written report is not accepted");
    benchmark::DoNotOptimize(report);
  }
  set_bytes(state, bytes.size());
}
BENCHMARK(codec_parse_report);

/// What the archive takes out of a report.
void codec_parse_identity(benchmark::State& state) {
  std::string bytes;
  write_report(kReport, bytes);
  for (auto _ : state) {
    auto identity = parse_identity(MessageKind::kReport, bytes);
    BORA_CHECK(identity, "a written report is not accepted");
    benchmark::DoNotOptimize(identity);
  }
  set_bytes(state, bytes.size());
}
BENCHMARK(codec_parse_identity);

void codec_parse_reading(benchmark::State& state) {
  std::string bytes;
  write_reading(to_reading(kReport, kReport.time), bytes);
  for (auto _ : state) {
    auto reading = parse_reading(bytes);
    BORA_CHECK(reading, "a written reading is not accepted");
    benchmark::DoNotOptimize(reading);
  }
  set_bytes(state, bytes.size());
}
BENCHMARK(codec_parse_reading);

/// A record cut off in the middle: the dead-letter path.
void codec_reject_report(benchmark::State& state) {
  std::string bytes;
  write_report(kReport, bytes);
  bytes.resize(bytes.size() / 2);
  for (auto _ : state) {
    auto report = parse_report(bytes);
    BORA_CHECK(!report, "half a report is accepted");
    benchmark::DoNotOptimize(report);
  }
  set_bytes(state, bytes.size());
}
BENCHMARK(codec_reject_report);

}  // namespace
}  // namespace bora::coldchain
