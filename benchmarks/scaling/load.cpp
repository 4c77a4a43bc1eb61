#include "benchmarks/scaling/load.hpp"

#include <chrono>
#include <utility>

#include "bora/check.hpp"

namespace bora::scaling {

Cost run(std::vector<Load> loads, const peers::Options& options, std::uint64_t arrivals) {
  std::vector<std::unique_ptr<RunningTopology>> running;
  for (Load& load : loads) {
    auto started = RunningTopology::start(std::move(load.topology));
    BORA_CHECK(started.is_ok(), started.status().message());
    running.push_back(*std::move(started));
  }
  for (const Load& load : loads) {
    load.run->go = true;
    load.run->wake_spout();
  }
  const auto completed = [&] {
    std::uint64_t all = 0;
    for (const Load& load : loads)
      all += load.run->progress.total();
    return all;
  };
  const peers::Measured measured = peers::measure(options, completed, [] { return false; });
  for (const Load& load : loads) {
    load.run->sending = false;
    load.run->wake_spout();
  }
  for (std::size_t i = 0; i < loads.size(); ++i) {
    const peers::Run& it = *loads[i].run;
    BORA_CHECK(peers::wait_until([&] { return it.has_sent_all && it.progress.total() >= it.sent; }),
               "not everything that was sent is acked after a minute");
    BORA_CHECK(running[i]->stop(std::chrono::seconds{10}).drained, "the topology has not drained");
    BORA_CHECK(it.failed == 0 && loads[i].arrived->total() == it.sent * arrivals,
               "tuples were lost, doubled or failed");
  }
  if (measured.completed == 0) return {};  // a tiny run on a busy machine
  const auto tuples = static_cast<double>(measured.completed);
  return {tuples / measured.seconds, measured.cpu_seconds * 1e6 / tuples};
}

}  // namespace bora::scaling
