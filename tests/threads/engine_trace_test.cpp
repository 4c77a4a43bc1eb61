#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "bora/running_topology.hpp"
#include "support/counting_components.hpp"

using namespace bora;
using namespace bora::test;
using namespace std::chrono_literals;

namespace {

using Number = std::uint64_t;

struct Spans final : SpanSink {
  void take(Span span) noexcept override {
    const std::lock_guard lock(mutex);
    all.push_back(std::move(span));
  }
  std::mutex mutex;
  std::vector<Span> all;  // guarded by mutex
};

}  // namespace

TEST_CASE("messages that are traced and streams that are watched go their way like others") {
  constexpr Number kNumbers = 20'000;
  Spans spans;
  std::atomic<Number> sum{0};
  TopologyBuilder builder{"traced"};
  const auto count = std::make_shared<Count>(kNumbers);
  auto numbers = builder.spout("numbers", counting(count), {.max_in_flight = 500});
  auto passed =
      builder
          .bolt("pass",
                performing<Number, Number>([](auto& bolt, const Number& n) { bolt.out.emit(n); }),
                {.tasks = 2})
          .shuffle(numbers);
  builder
      .bolt("sum", performing<Number>([&sum](auto&, const Number& n) {
              sum.fetch_add(n, std::memory_order_relaxed);
            }))
      .shuffle(passed);
  EngineOptions options;
  options.spans = &spans;
  options.trace_share = 0.1;
  auto running = RunningTopology::start(builder.build().value(), options);
  REQUIRE(running);
  std::atomic<int> seen{0};
  for (const char* component : {"numbers", "pass"})
    REQUIRE((*running)->watch(component, "default", 0ns, [&seen](const TupleSample& sample) {
      seen.fetch_add(sample.json.empty() ? 0 : 1, std::memory_order_relaxed);
      return true;
    }));
  CHECK((*running)->watch("sum", "default", 0ns, {}).error().kind == ErrorKind::kNotFound);
  CHECK((*running)->wait_finished(60s));
  CHECK((*running)->stop(5s).drained);
  CHECK(count->acked == kNumbers);
  CHECK(count->wrong == 0);
  CHECK(sum == kNumbers * (kNumbers - 1) / 2);

  // Each trace is whole: a message, and a wait and an execution in both bolts, tied by their parents.
  std::set<SpanId> ids{SpanId{}};
  std::size_t messages = 0;
  std::size_t orphans = 0;
  for (const Span& span : spans.all) {
    ids.insert(span.at.span);
    messages += span.kind == Span::Kind::kMessage ? 1 : 0;
  }
  for (const Span& span : spans.all)
    orphans += ids.count(span.parent) == 0 ? 1 : 0;
  CHECK(messages > 0);
  CHECK(spans.all.size() == 5 * messages);
  CHECK(ids.size() == spans.all.size() + 1);
  CHECK(orphans == 0);
}
