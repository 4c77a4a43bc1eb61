#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "bolts/record_sink_bolt.hpp"
#include "bora/record_trace.hpp"
#include "bora/testing/manual_clock.hpp"
#include "bora/testing/stepped_topology.hpp"
#include "bora/topology.hpp"
#include "spouts/record_spout.hpp"
#include "support/memory_broker.hpp"
#include "support/memory_sink.hpp"
#include "support/memory_source.hpp"

using namespace bora;

namespace {

struct Spans final : SpanSink {
  void take(Span span) noexcept override { all.push_back(std::move(span)); }
  [[nodiscard]] const Span* find(const std::string& topology, Span::Kind kind) const {
    for (const Span& span : all)
      if (span.topology == topology && span.kind == kind) return &span;
    return nullptr;
  }
  std::vector<Span> all;
};

/// Two topologies, `first` from "in" to "between" and `second` from there to "out".
struct TwoTopologies {
  TwoTopologies() {
    for (const char* topic : {"in", "in.dlq", "between", "between.dlq", "out"})
      broker.create_topic(topic, 1);
  }
  void start(double share, SpanSink* sink) {
    first = open("first", "in", "between", share, sink);
    second = open("second", "between", "out", 0, sink);
  }
  std::unique_ptr<testing::SteppedTopology> open(const std::string& name, const std::string& from,
                                                 const std::string& to, double share,
                                                 SpanSink* sink) {
    TopologyBuilder builder{name};
    RecordConnections connections{
        .source =
            [this, from](std::uint32_t) {
              return std::make_unique<test::MemorySource>(broker,
                                                          test::MemorySourceOptions{.topic = from});
            },
        .dead_letters =
            [this](std::uint32_t) { return std::make_unique<test::MemorySink>(broker); }};
    auto spout = builder.spout("records",
                               [connections] { return RecordSpout<ConsumedRecord>{connections}; });
    builder
        .bolt("publish",
              [this, to] {
                return RecordSinkBolt<ConsumedRecord>{
                    [this](std::uint32_t) { return std::make_unique<test::MemorySink>(broker); },
                    [to](const ConsumedRecord& in) -> Result<OutgoingRecord> {
                      return OutgoingRecord{to, *in};
                    }};
              })
        .shuffle(spout);
    EngineOptions options;
    options.spans = sink;
    options.trace_share = share;
    return testing::SteppedTopology::open(builder.build().value(), clock, options).value();
  }
  void produce(Record record) {
    broker.append("in", 0, std::move(record));
    first->run();
    second->run();
  }
  [[nodiscard]] std::optional<TraceContext> trace_of(const std::string& topic) const {
    return trace_in(broker.records(topic).back().record);
  }

  testing::ManualClock clock;
  test::MemoryBroker broker;
  Spans spans;
  std::unique_ptr<testing::SteppedTopology> first;
  std::unique_ptr<testing::SteppedTopology> second;
};

}  // namespace

TEST_CASE("a trace that begins at a spout goes on through topics and topologies") {
  TwoTopologies t;
  t.start(1, &t.spans);
  t.produce({"k", "v", {}, {}});
  const Span* const origin = t.spans.find("first", Span::Kind::kMessage);
  const Span* const published = t.spans.find("first", Span::Kind::kExecute);
  const Span* const taken = t.spans.find("second", Span::Kind::kMessage);
  REQUIRE(origin != nullptr);
  REQUIRE(published != nullptr);
  REQUIRE(taken != nullptr);
  CHECK(origin->parent == SpanId{});
  CHECK(origin->source == "in");
  CHECK(t.trace_of("between") == published->at);
  CHECK(taken->at.trace == origin->at.trace);
  CHECK(taken->parent == published->at.span);
  CHECK(taken->source == "between");
  CHECK(t.trace_of("out")->trace == origin->at.trace);
  CHECK(t.broker.records("out")[0].record.headers.size() == 1);
}

TEST_CASE("a record that brings a sampled trace is traced where none would begin") {
  TwoTopologies t;
  t.start(0, &t.spans);
  t.produce({"k", "untraced", {}, {}});
  CHECK(t.spans.all.empty());
  CHECK(t.trace_of("out") == std::nullopt);
  const TraceContext gateway{{1, 2}, SpanId{3}};
  Record record{"k", "traced", {}, {}};
  set_trace(record, gateway);
  t.produce(record);
  REQUIRE(t.spans.find("first", Span::Kind::kMessage) != nullptr);
  CHECK(t.spans.find("first", Span::Kind::kMessage)->parent == gateway.span);
  CHECK(t.trace_of("out")->trace == gateway.trace);
}

TEST_CASE("where nothing is traced records go their way with the headers that they have") {
  TwoTopologies t;
  t.start(1, nullptr);
  Record record{"k", "v", {}, {}};
  set_trace(record, {{1, 2}, SpanId{3}});
  t.produce(record);
  CHECK(t.trace_of("out") == TraceContext{{1, 2}, SpanId{3}});
}
