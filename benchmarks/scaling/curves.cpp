#include "benchmarks/scaling/curves.hpp"

#include <array>
#include <cstddef>
#include <memory>
#include <utility>

#include "bora/bolt.hpp"
#include "bora/check.hpp"

namespace bora::scaling {

namespace {

using peers::Options;
using peers::PeerSpout;
using peers::Run;
using peers::Sample;

/// A reading of so many bytes.
template <std::size_t kBytes>
struct Wide : Sample {
  static_assert(kBytes > sizeof(Sample));
  std::array<std::byte, kBytes - sizeof(Sample)> more;
};

template <std::size_t kBytes>
void make_tuple(std::uint64_t i, std::uint64_t keys, Wide<kBytes>& out) noexcept {
  peers::make_tuple(i, keys, static_cast<Sample&>(out));
  out.more.fill(std::byte{1});
}

template <class T>
class MeanOf final : public Bolt<T, T> {
 public:
  void execute(const T& in) override {
    T result = in;
    result.value = mean_.next(in.device, in.value);
    this->out.emit(result);
  }

 private:
  peers::RunningMean mean_;
};

template <class T>
class CountingSink final : public Bolt<T> {
 public:
  explicit CountingSink(peers::Progress& arrived) : arrived_(arrived) {}
  Status open(Context&) override {
    counter_ = &arrived_.counter();
    return {};
  }
  void execute(const T&) override { counter_->add(1); }

 private:
  peers::Progress& arrived_;
  peers::Progress::Counter* counter_ = nullptr;
};

Load finish(TopologyBuilder& topology, std::unique_ptr<Run> run,
            std::unique_ptr<peers::Progress> arrived) {
  Result<Topology> built = topology.build();
  BORA_CHECK(built.is_ok(), built.status().message());
  return {std::move(run), std::move(arrived), *std::move(built)};
}

struct ChainShape {
  std::uint32_t tasks = 1;
  std::uint32_t max_in_flight = ComponentOptions{}.max_in_flight;
};

/// source -> keyed mean -> sink.
template <class T = Sample>
Load chain(const Options& options, ChainShape shape = {}) {
  auto run = std::make_unique<Run>(options);
  auto arrived = std::make_unique<peers::Progress>();
  TopologyBuilder topology{"chain"};
  auto source = topology.spout("source", [&run = *run] { return PeerSpout<T>{run}; },
                               {.max_in_flight = shape.max_in_flight});
  auto keyed = topology.bolt("keyed", [] { return MeanOf<T>{}; }, {.tasks = shape.tasks})
                   .fields(source, [](const T& in) { return in.device; });
  topology.bolt("sink", [&arrived = *arrived] { return CountingSink<T>{arrived}; }).shuffle(keyed);
  return finish(topology, std::move(run), std::move(arrived));
}

Cost one(Load load, const Options& options, std::uint64_t arrivals = 1) {
  std::vector<Load> loads;
  loads.push_back(std::move(load));
  return run(std::move(loads), options, arrivals);
}

Cost with_payload(const Options& options, std::uint64_t bytes) {
  switch (bytes) {
    case 32: return one(chain<Sample>(options), options);
    case 128: return one(chain<Wide<128>>(options), options);
    case 512: return one(chain<Wide<512>>(options), options);
    case 2'048: return one(chain<Wide<2'048>>(options), options);
    case 16'384: return one(chain<Wide<16'384>>(options), options);
    default: BORA_CHECK(false, "no tuple of that size"); return {};
  }
}

/// source -> sink, every task of which takes every tuple.
Cost with_fan_out(const Options& options, std::uint64_t sinks) {
  auto run = std::make_unique<Run>(options);
  auto arrived = std::make_unique<peers::Progress>();
  TopologyBuilder topology{"fan-out"};
  auto source = topology.spout("source", [&run = *run] { return PeerSpout<Sample>{run}; });
  topology
      .bolt("sink", [&arrived = *arrived] { return CountingSink<Sample>{arrived}; },
            {.tasks = static_cast<std::uint32_t>(sinks)})
      .all(source);
  return one(finish(topology, std::move(run), std::move(arrived)), options, sinks);
}

/// source -> map -> ... -> map -> sink.
Cost with_depth(const Options& options, std::uint64_t maps) {
  auto run = std::make_unique<Run>(options);
  auto arrived = std::make_unique<peers::Progress>();
  TopologyBuilder topology{"deep"};
  const auto source = topology.spout("source", [&run = *run] { return PeerSpout<Sample>{run}; });
  Stream<Sample> last = source.default_stream();
  for (std::uint64_t i = 1; i <= maps; ++i)
    last = topology.bolt("map" + std::to_string(i), [] { return peers::FahrenheitBolt{}; })
               .shuffle(last)
               .default_stream();
  topology.bolt("sink", [&arrived = *arrived] { return CountingSink<Sample>{arrived}; })
      .shuffle(last);
  return one(finish(topology, std::move(run), std::move(arrived)), options);
}

Cost with_topologies(const Options& options, std::uint64_t count) {
  std::vector<Load> loads;
  for (std::uint64_t i = 0; i < count; ++i)
    loads.push_back(chain<Sample>(options));
  return run(std::move(loads), options, 1);
}

}  // namespace

std::vector<Curve> all_curves() {
  return {
      {"tasks",
       "tasks of the keyed operator",
       {1, 2, 3, 4, 6, 8},
       [](const Options& options, std::uint64_t tasks) {
         return one(chain<Sample>(options, {.tasks = static_cast<std::uint32_t>(tasks)}), options);
       }},
      {"payload", "bytes of a tuple", {32, 128, 512, 2'048, 16'384}, with_payload},
      {"fan-out", "tasks that take every tuple", {1, 2, 4, 8, 16, 32, 64}, with_fan_out},
      {"keys",
       "devices",
       {1, 10, 100, 1'000, 10'000, 100'000, 1'000'000},
       [](Options options, std::uint64_t keys) {
         options.keys = keys;
         return one(chain<Sample>(options), options);
       }},
      {"in-flight",
       "messages in flight at most",
       {16, 64, 256, 1'024, 4'096, 16'384, 65'536},
       [](const Options& options, std::uint64_t cap) {
         return one(chain<Sample>(options, {.max_in_flight = static_cast<std::uint32_t>(cap)}),
                    options);
       }},
      {"depth", "maps in a row", {1, 2, 4, 8, 16, 32}, with_depth},
      {"topologies", "topologies in the process, all together", {1, 2, 4, 8, 16}, with_topologies},
  };
}

}  // namespace bora::scaling
