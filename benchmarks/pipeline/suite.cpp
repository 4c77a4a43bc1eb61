#include "benchmarks/pipeline/suite.hpp"

#include <algorithm>
#include <time.h>
#include <utility>

#include "benchmarks/pipeline/allocations.hpp"
#include "bora/check.hpp"

namespace bora::bench {

namespace {

double seconds_of(clockid_t clock) noexcept {
  timespec t{};
  clock_gettime(clock, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

}  // namespace

void Stopwatch::start() noexcept {
  at_start_ = {seconds_of(CLOCK_MONOTONIC), seconds_of(CLOCK_PROCESS_CPUTIME_ID), allocations()};
}

void Stopwatch::stop() noexcept {
  elapsed_ = {seconds_of(CLOCK_MONOTONIC) - at_start_.wall_seconds,
              seconds_of(CLOCK_PROCESS_CPUTIME_ID) - at_start_.cpu_seconds,
              allocations() - at_start_.allocations};
}

Suite& Suites::add(Suite suite) { return suites_.emplace_back(std::move(suite)); }

Suite& Suites::at(const std::string& name) {
  const auto found = std::find_if(suites_.begin(), suites_.end(),
                                  [&](const Suite& suite) { return suite.name == name; });
  BORA_CHECK(found != suites_.end(), name);
  return *found;
}

Suites standard_suites() {
  Suites suites;
  suites.add({kChain, "source -> map -> keyed mean over 1,024 devices -> sink, 40-byte tuples"});
  suites.add({kHop, "source -> sink, 40-byte tuples"});
  suites.add({kFanOut, "source -> 4 sinks, each takes every tuple, 40-byte tuples",
              Measures::kThroughput, 4});
  suites.add({kChainSmall, "the chain with 32-byte tuples"});
  suites.add({kChainPayload, "the chain with 160-byte tuples (120 of payload)"});
  suites.add({kLatency, "the chain at a fixed rate, from due time to sink", Measures::kLatency});
  return suites;
}

}  // namespace bora::bench
