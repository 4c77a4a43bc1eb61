#include "services/coldchain/ingest_stats.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace bora::ingest {

namespace {

using host::Sample;

std::uint64_t read(const std::atomic<std::uint64_t>& count) noexcept {
  return count.load(std::memory_order_relaxed);
}

Sample counter(std::string name, std::string help, double value) {
  return {.name = std::move(name),
          .help = std::move(help),
          .kind = Sample::Kind::kCounter,
          .value = value};
}

/// "0.0025"
std::string seconds_text(std::int64_t micros) {
  std::string text = std::to_string(static_cast<double>(micros) / 1e6);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}

}  // namespace

void IngestStats::answered(int status) noexcept {
  const auto* const known = std::find(kStatuses.begin(), kStatuses.end() - 1, status);
  by_status_[static_cast<std::size_t>(known - kStatuses.begin())].fetch_add(
      1, std::memory_order_relaxed);
}

void IngestStats::taken(std::uint64_t reports, std::uint64_t bytes,
                        std::chrono::nanoseconds took) noexcept {
  const std::int64_t micros = std::chrono::duration_cast<std::chrono::microseconds>(took).count();
  const auto* const bound = std::lower_bound(kBounds.begin(), kBounds.end(), micros);
  by_time_[static_cast<std::size_t>(bound - kBounds.begin())].fetch_add(1,
                                                                        std::memory_order_relaxed);
  nanos_.fetch_add(static_cast<std::uint64_t>(took.count()), std::memory_order_relaxed);
  reports_.fetch_add(reports, std::memory_order_relaxed);
  bytes_.fetch_add(bytes, std::memory_order_relaxed);
}

bool IngestStats::try_enter(std::uint32_t most_waiting) noexcept {
  if (waiting_.fetch_add(1, std::memory_order_relaxed) < most_waiting) return true;
  leave();
  return false;
}

std::vector<Sample> IngestStats::samples() const {
  std::vector<Sample> samples;
  for (std::size_t i = 0; i < kStatuses.size(); ++i) {
    Sample& sample = samples.emplace_back(counter("coldchain_ingest_requests_total",
                                                  "Requests that the ingest answered, by status.",
                                                  static_cast<double>(read(by_status_[i]))));
    sample.labels = {{"status", kStatuses[i] == 0 ? "other" : std::to_string(kStatuses[i])}};
  }
  samples.push_back(counter("coldchain_ingest_reports_total", "Reports answered 202.",
                            static_cast<double>(read(reports_))));
  samples.push_back(counter("coldchain_ingest_bytes_total", "Bytes of bodies answered 202.",
                            static_cast<double>(read(bytes_))));
  samples.push_back({.name = "coldchain_ingest_waiting_requests",
                     .help = "Requests whose reports are on their way to the disk.",
                     .value = static_cast<double>(waiting())});
  // A histogram, which /metrics puts together again by these names.
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < by_time_.size(); ++i) {
    seen += read(by_time_[i]);
    Sample& sample = samples.emplace_back(
        counter("coldchain_ingest_durable_seconds_bucket",
                "From a request's last byte to its reports being durable, cumulative.",
                static_cast<double>(seen)));
    sample.labels = {{"le", i < kBounds.size() ? seconds_text(kBounds[i]) : "+Inf"}};
  }
  samples.push_back(counter("coldchain_ingest_durable_seconds_count", "Requests answered 202.",
                            static_cast<double>(seen)));
  samples.push_back(counter("coldchain_ingest_durable_seconds_sum", "Sum of these times.",
                            static_cast<double>(read(nanos_)) / 1e9));
  return samples;
}

}  // namespace bora::ingest
