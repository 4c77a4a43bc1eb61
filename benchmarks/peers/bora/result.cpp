#include "benchmarks/peers/bora/result.hpp"

#include <cstdio>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "benchmarks/peers/bora/oracle.hpp"
#include "benchmarks/pipeline/open_loop.hpp"
#include "host/version.hpp"

namespace bora::peers {

namespace {

nlohmann::ordered_json percentiles(const std::vector<std::int64_t>& ns) {
  if (ns.empty()) return nullptr;
  return {{"p50", bench::percentile_us(ns, 0.5)},
          {"p90", bench::percentile_us(ns, 0.9)},
          {"p99", bench::percentile_us(ns, 0.99)},
          {"p999", bench::percentile_us(ns, 0.999)},
          {"max", bench::percentile_us(ns, 1)}};
}

const char* system_of(Variant variant) {
  switch (variant) {
    case Variant::kDefault:
    case Variant::kLocal:
    case Variant::kInPlace: return "bora";
    default: return "floor";
  }
}

}  // namespace

int report(const Options& options, const RunResult& result) {
  const Tally expected = expected_outputs(options.graph, result.sent, options.keys);
  const Measured& measured = result.measured;
  const double completed = static_cast<double>(measured.completed);
  const double intended = static_cast<double>(options.rate) * measured.seconds;
  const nlohmann::ordered_json json{
      {"system", system_of(options.variant)},
      {"version", host::version()},
      {"graph", name_of(options.graph)},
      {"guarantee", name_of(options.guarantee)},
      {"variant", name_of(options.variant)},
      {"rate", options.rate},
      {"keys", options.keys},
      {"tasks", options.tasks},
      {"sent", result.sent},
      {"received", result.received.count},
      {"expected", expected.count},
      {"checksum", fmt::format("{:016x}", result.received.sum)},
      {"seconds", measured.seconds},
      {"throughput", measured.seconds > 0 ? completed / measured.seconds : 0},
      {"cpu_us_per_tuple", measured.completed > 0 ? measured.cpu_seconds * 1e6 / completed : 0},
      {"peak_rss_bytes", peak_rss_bytes()},
      {"latency_us", percentiles(result.latency_ns)},
      {"source_late_us_p99", bench::percentile_us(result.lateness_ns, 0.99)},
      {"per_second", measured.per_second},
      {"saturated", options.is_paced() && completed < 0.97 * intended},
      {"replays", result.replays},
      {"settings", result.settings}};
  std::printf("%s\n", json.dump().c_str());
  if (result.received == expected) return 0;
  std::fprintf(stderr, "wrong: %s of %s outputs, checksum %016llx instead of %016llx\n",
               std::to_string(result.received.count).c_str(),
               std::to_string(expected.count).c_str(),
               static_cast<unsigned long long>(result.received.sum),
               static_cast<unsigned long long>(expected.sum));
  return 3;
}

}  // namespace bora::peers
