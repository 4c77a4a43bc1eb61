#include <cstdint>
#include <memory>
#include <vector>

#include <benchmark/benchmark.h>

#include "bora/internal/executor_context.hpp"
#include "engine/ack/ledger.hpp"

/// Accounting of one tuple on one thread, without blocks and rings: ExecutorContext over a ledger.
namespace bora::internal {
namespace {

constexpr std::uint32_t kTrees = 8192;

class OneThread final : public ExecutorContext {
 public:
  OneThread() {
    ledger_ = std::make_shared<Ledger>(1, kTrees);
    pending_ = ledger_->counts();
    owner_shift_ = ledger_->owner_shift();
    lane_.slots = std::make_unique<TreeRef[]>(kLaneSlots);
    lane_.mask = kLaneSlots - 1;
    completions_ = lanes_;
  }
  /// Trees go round, as those of a spout with all of its messages in flight.
  [[nodiscard]] TreeRef next_tree() noexcept {
    tree_ = tree_ < kTrees - 1 ? tree_ + 1 : 1;
    return tree_;
  }
  [[nodiscard]] std::uint32_t completed() const noexcept { return lane_.tail; }
  /// What the spout does before it opens a tree again.
  void rest(TreeRef ref) noexcept {
    if (pending_[ref].load(std::memory_order_relaxed) != 1)
      pending_[ref].store(1, std::memory_order_relaxed);
  }

 private:
  static constexpr std::uint32_t kLaneSlots = 16384;
  CompletionLane lane_;
  CompletionLane* lanes_[1] = {&lane_};
  TreeRef tree_ = 0;
};

/// A bolt in the middle of a chain: one child for one parent, no count is touched.
void ack_pass_on(benchmark::State& state) {
  OneThread context;
  for (auto _ : state) {
    context.begin(context.next_tree());
    context.add_child();
    context.end();
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(ack_pass_on);

/// The end of a chain: the tree completes.
void ack_complete(benchmark::State& state) {
  OneThread context;
  for (auto _ : state) {
    context.begin(context.next_tree());
    context.end();
  }
  benchmark::DoNotOptimize(context.completed());
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(ack_complete);

/// One tuple with n children, each of which ends: n-1 raises and n releases.
void ack_fan_out(benchmark::State& state) {
  OneThread context;
  const auto children = state.range(0);
  for (auto _ : state) {
    const TreeRef ref = context.next_tree();
    context.rest(ref);
    context.begin(ref);
    for (std::int64_t i = 0; i < children; ++i)
      context.add_child();
    context.end();
    for (std::int64_t i = 0; i < children; ++i) {
      context.begin(ref);
      context.end();
    }
  }
  benchmark::DoNotOptimize(context.completed());
  state.SetItemsProcessed(state.iterations() * children);
}
BENCHMARK(ack_fan_out)->Arg(2)->Arg(4)->Arg(16);

/// A joint of n trees, made and given back: what a multi-anchored emit adds.
void ack_joint(benchmark::State& state) {
  OneThread context;
  Ledger& ledger = context.ledger();
  for (auto _ : state) {
    std::vector<TreeRef> trees;
    for (std::int64_t i = 0; i < state.range(0); ++i)
      trees.push_back(context.next_tree());
    benchmark::DoNotOptimize(ledger.release_joint(ledger.make_joint(std::move(trees))));
  }
}
BENCHMARK(ack_joint)->Arg(2)->Arg(16);

}  // namespace
}  // namespace bora::internal
