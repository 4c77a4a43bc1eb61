#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "bora/clock.hpp"
#include "bora/record.hpp"
#include "services/chain.hpp"
#include "services/effects_plan.hpp"
#include "services/hook.hpp"
#include "services/redis_server.hpp"
#include "topologies/coldchain/shared_state.hpp"

namespace bora::services {

/// How long a test waits for what must come.
inline constexpr std::chrono::seconds kPatience{120};

[[nodiscard]] inline WallTime wall_now() { return SystemClock{}.wall_now(); }
/// Ids that no other run uses, also where stores are shared.
[[nodiscard]] std::uint64_t fresh_ids();
[[nodiscard]] bool wait_until(const std::function<bool()>& is_so,
                              std::chrono::seconds patience = kPatience);
/// Of a device of that plan; its time is now.
[[nodiscard]] Record reading_of(const EffectsPlan& plan, std::size_t device, double temperature);

/// Makes it a store that has been there for long, so that nobody waits for its grace.
void age(coldchain::SharedState& state);
/// Ids of what is in topic `alerts`, and how often each is.
[[nodiscard]] Tally published_alerts(Chain& chain);

/// Datapoints, thresholds and alerts, each a process, what they work on, and what is expected of them.
/// Threads: single-owner. Fails: ends the running test case.
class EffectsWorld {
 public:
  explicit EffectsWorld(EffectsPlan::Options plan, const std::string& window = "3s");

  /// Alerts, thresholds, datapoints.
  [[nodiscard]] static const std::vector<std::string>& programs();

  EffectsPlan& plan() noexcept { return plan_; }
  Hook& hook() noexcept { return hook_; }
  FickleStore& store() noexcept { return store_; }
  testing::RedisServer& redis() noexcept { return redis_; }
  Chain& chain() noexcept { return chain_; }

  void publish_next();
  void publish(const std::vector<Record>& readings);
  /// kill -9, and a start.
  void kill(const std::string& program);
  /// Everything expected so far was told and written.
  void wait_until_done(std::chrono::seconds patience = kPatience);
  void stop();
  /// Each point is in the store, each alert in its topic and told, and nothing else.
  void check_all();

 private:
  void expect_ready(const std::string& program);

  EffectsPlan plan_;
  testing::RedisServer redis_;
  Hook hook_;
  FickleStore store_;
  Chain chain_;
};

}  // namespace bora::services
