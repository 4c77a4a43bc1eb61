#include <algorithm>
#include <chrono>
#include <cmath>
#include <iterator>
#include <map>
#include <memory>
#include <numeric>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "bora/trace.hpp"
#include "support/engine_components.hpp"
#include "support/stepped_topology.hpp"

using namespace bora;
using namespace bora::test;
using namespace std::chrono_literals;

namespace {

struct Spans final : SpanSink {
  void take(Span span) noexcept override { all.push_back(std::move(span)); }
  [[nodiscard]] std::vector<Span> of(const std::string& component, Span::Kind kind) const {
    std::vector<Span> found;
    std::copy_if(all.begin(), all.end(), std::back_inserter(found), [&](const Span& span) {
      return span.component == component && span.kind == kind;
    });
    return found;
  }
  [[nodiscard]] Span only(const std::string& component, Span::Kind kind) const {
    const auto found = of(component, kind);
    if (found.size() != 1)
      throw std::runtime_error(component + " has " + std::to_string(found.size()) + " such spans");
    return found[0];
  }
  std::vector<Span> all;
};

constexpr auto kMessage = Span::Kind::kMessage;
constexpr auto kQueue = Span::Kind::kQueue;
constexpr auto kExecute = Span::Kind::kExecute;

EngineOptions tracing(SpanSink& spans, double share) {
  EngineOptions options;
  options.spans = &spans;
  options.trace_share = share;
  options.trace_seed = 7;
  return options;
}

/// Goes on with the traces of its tuples' origins, if they have any.
class OriginSpout final : public Spout<int> {
 public:
  explicit OriginSpout(std::map<int, TraceContext> origins) : origins_(std::move(origins)) {}
  Next next_batch(std::size_t max) override {
    for (; max > 0 && next_ < 10; --max, ++next_) {
      if (const auto origin = origins_.find(next_); origin != origins_.end())
        trace_next(origin->second);
      emit(next_, {.offset = static_cast<std::uint64_t>(next_), .partition = 3});
    }
    return next_ < 10 ? Next::more() : Next::idle();
  }
  [[nodiscard]] std::string source() const override { return "numbers"; }

 private:
  std::map<int, TraceContext> origins_;
  int next_ = 0;
};

std::vector<int> many(int n) {
  std::vector<int> all(static_cast<std::size_t>(n));
  std::iota(all.begin(), all.end(), 0);
  return all;
}

/// source -> double -> sink
struct Chain {
  explicit Chain(EngineOptions options, ComponentOptions source = {})
      : topology(build(std::move(source)), std::move(options)) {}
  Result<Topology> build(ComponentOptions options) {
    TopologyBuilder builder{"chain"};
    auto source = builder.spout("source", feeding(feed), std::move(options));
    auto twice = builder
                     .bolt("double", doing<int, int>([this](auto& bolt, const int& in) {
                             if (in == fails) throw Permanent("no");
                             topology.clock.advance(2ms);
                             bolt.out.emit(2 * in);
                           }))
                     .shuffle(source);
    builder
        .bolt("sink", doing<int>([this](auto& bolt, const int& in) {
                topology.clock.advance(1ms);
                contexts[in] = bolt.context().trace();
                if (holds) held.push_back(bolt.hold());
              }))
        .shuffle(twice);
    return builder.build();
  }
  FeedPtr<int> feed = feed_of<int>();
  int fails = -1;
  bool holds = false;
  std::vector<AckToken> held;
  std::map<int, std::optional<TraceContext>> contexts;
  SteppedTopology topology;
};

}  // namespace

TEST_CASE("a traceparent reads as it was written, and what is none is refused") {
  const TraceContext context{{0x4bf92f3577b34da6, 0xa3ce929d0e0e4736}, SpanId{0x00f067aa0ba902b7}};
  const std::string text = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  CHECK(to_traceparent(context) == text);
  CHECK(parse_traceparent(text) == context);
  CHECK(parse_traceparent("01" + text.substr(2) + "-more") == context);
  const std::string trace = "4bf92f3577b34da6a3ce929d0e0e4736";
  for (const std::string& bad : std::vector<std::string>{
           "", text.substr(1), text + "0", text + "-more", "ff" + text.substr(2),
           "00-" + trace + "-00f067aa0ba902b7-00", "00-" + trace + "-0000000000000000-01",
           "00-" + std::string(32, '0') + "-00f067aa0ba902b7-01",
           "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
           "00-4bf92f3577b34da6a3ce929d0e0e473g-00f067aa0ba902b7-01"}) {
    INFO(bad);
    CHECK_FALSE(parse_traceparent(bad));
  }
}

TEST_CASE("a traced message leaves a span of its own, and a wait and an execution per hop") {
  Spans spans;
  Chain chain{tracing(spans, 1)};
  chain.feed->add(21);
  const WallTime began = chain.topology.clock.wall_now();
  chain.topology.run();

  const Span message = spans.only("source", kMessage);
  CHECK(message.parent == SpanId{});
  CHECK(message.topology == "chain");
  CHECK(message.took == 3ms);
  CHECK(message.failure.empty());
  CHECK(std::chrono::abs(message.from - began.time_since_epoch()) <= 1ms);
  const Span twice = spans.only("double", kExecute);
  CHECK(twice.parent == message.at.span);
  CHECK(twice.took == 2ms);
  CHECK(twice.from == message.from);
  const Span sink = spans.only("sink", kExecute);
  CHECK(sink.parent == twice.at.span);
  CHECK(sink.took == 1ms);
  CHECK(sink.from == message.from + 2ms);
  CHECK(spans.only("double", kQueue).parent == message.at.span);
  CHECK(spans.only("sink", kQueue).parent == twice.at.span);
  CHECK(spans.all.size() == 5);
  std::set<SpanId> ids;
  for (const Span& span : spans.all) {
    CHECK(span.at.trace == message.at.trace);
    ids.insert(span.at.span);
  }
  CHECK(ids.size() == 5);
  CHECK(chain.contexts[42] == sink.at);
}

TEST_CASE("no more is traced than asked for, and every message is acked all the same") {
  const double share = GENERATE(0.0, 0.1, 0.5, 1.0);
  Spans spans;
  Chain chain{tracing(spans, share)};
  for (int i = 0; i < 40; ++i) {  // fewer in flight than can be traced at a time
    chain.feed->add(many(50));
    chain.topology.run();
  }
  CHECK(chain.feed->acked.size() == 2000);
  CHECK(chain.feed->failed.empty());
  const auto traced = static_cast<double>(spans.of("source", kMessage).size());
  INFO(share << " of 2000: " << traced);
  // Of a binomial distribution, six standard deviations.
  CHECK(std::abs(traced - 2000 * share) <= 6 * std::sqrt(2000 * share * (1 - share)));
  CHECK(spans.of("sink", kExecute).size() == spans.of("source", kMessage).size());
}

TEST_CASE("a message goes on with the trace that it came with, even where none begins") {
  Spans spans;
  std::map<int, TraceContext> origins{{2, {{1, 2}, SpanId{3}}}, {5, {{4, 5}, SpanId{6}}}};
  TopologyBuilder builder{"origins"};
  auto source = builder.spout("source", [&] { return OriginSpout{origins}; });
  builder.bolt("sink", doing<int>([](auto&, const int&) {})).shuffle(source);
  SteppedTopology topology{builder.build(), tracing(spans, 0)};
  topology.run();

  const auto messages = spans.of("source", kMessage);
  REQUIRE(messages.size() == 2);
  for (const Span& message : messages) {
    const TraceContext& origin = origins.at(static_cast<int>(message.message.offset));
    CHECK(message.at.trace == origin.trace);
    CHECK(message.parent == origin.span);
    CHECK(message.message.partition == 3);
    CHECK(message.source == "numbers");
  }
  CHECK(spans.of("sink", kExecute).size() == 2);
  CHECK(topology.metrics("source").acked == 10);
}

TEST_CASE("with nothing to give spans to nothing is traced") {
  Chain chain{{}};
  chain.feed->add(1);
  chain.topology.run();
  CHECK(chain.contexts.at(2) == std::nullopt);
  CHECK(chain.feed->acked.size() == 1);
}

TEST_CASE("a failure is told by the spans of the message and of where it failed") {
  Spans spans;
  Chain chain{tracing(spans, 1)};
  chain.fails = 7;
  chain.feed->add({6, 7, 8});
  chain.topology.run();
  REQUIRE(chain.feed->failed.size() == 1);
  int failed = 0;
  for (const Span& span : spans.all) {
    if (span.message.offset != 1) CHECK(span.failure.empty());
    if (span.failure.empty()) continue;
    ++failed;
    CHECK(span.failure == (span.kind == kMessage ? "no" : "execute() failed"));
  }
  CHECK(failed == 2);
}

TEST_CASE("traced messages take the places of others, which none but their spout sees") {
  Spans spans;
  Chain chain{tracing(spans, 1), {.max_in_flight = 100}};
  chain.holds = true;
  chain.feed->add(many(300));
  chain.topology.run();
  CHECK(chain.held.size() == 100);
  CHECK(chain.topology.metrics("source").in_flight == 100);
  CHECK(spans.of("source", kMessage).empty());
  while (!chain.held.empty()) {
    for (AckToken& token : std::exchange(chain.held, {}))
      std::move(token).ack();
    chain.topology.run();
  }
  CHECK(chain.feed->acked_sorted().size() == 300);
  CHECK(chain.topology.metrics("source").in_flight == 0);
  CHECK(spans.of("source", kMessage).size() >= 3 * 64);
  CHECK(chain.feed->most_in_flight == 100);
}

TEST_CASE("an expired message's span says where it got stuck") {
  Spans spans;
  EngineOptions options = tracing(spans, 1);
  options.message_timeout = 1s;
  Chain chain{std::move(options)};
  chain.topology.hang("sink");
  chain.feed->add(1);
  chain.topology.advance(5s);
  REQUIRE(chain.feed->failed.size() == 1);
  CHECK(spans.only("source", kMessage).failure.find("queued for sink[0]") != std::string::npos);
  chain.topology.wake_up();
  chain.topology.run();
  CHECK(spans.of("source", kMessage).size() == 1);
  CHECK(chain.topology.metrics("source").in_flight == 0);
}

TEST_CASE("what is emitted under several messages belongs to the trace of the first that has one") {
  Spans spans;
  std::map<int, TraceContext> origins{{1, {{1, 2}, SpanId{3}}}};
  std::vector<AckToken> tokens;
  TopologyBuilder builder{"joint"};
  auto source = builder.spout("source", [&] { return OriginSpout{origins}; });
  auto pairs = builder
                   .bolt("pairs", doing<int, int>([&](auto& bolt, const int& in) {
                           tokens.push_back(bolt.hold());
                           if (tokens.size() < 2) return;
                           AckToken joint = AckToken::join(std::exchange(tokens, {}));
                           bolt.out.emit(in, joint);
                           std::move(joint).ack();
                         }))
                   .shuffle(source);
  builder.bolt("sink", doing<int>([](auto&, const int&) {})).shuffle(pairs);
  SteppedTopology topology{builder.build(), tracing(spans, 0)};
  topology.run();
  CHECK(topology.metrics("source").acked == 10);
  const Span sink = spans.only("sink", kExecute);
  CHECK(sink.at.trace == TraceId{1, 2});
  CHECK(sink.parent == spans.only("pairs", kExecute).at.span);
}
