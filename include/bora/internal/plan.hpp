#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <typeindex>
#include <vector>

#include "bora/component.hpp"
#include "bora/internal/subscription.hpp"
#include "bora/internal/task.hpp"
#include "bora/options.hpp"
#include "bora/output.hpp"

namespace bora::internal {

enum class ComponentKind : std::uint8_t { kSpout, kBolt };

/// What a subscription needs from the running topology to be wired for one producer task.
struct WiringRequest {
  TaskBase* producer = nullptr;
  std::vector<TaskBase*> consumers;  // by task; with kLocal only [0], the one on the same thread
};

struct SubscriptionSpec {
  std::string from;  // component
  std::string stream;
  std::type_index type = typeid(void);  // of the stream's tuples, as the handle says
  Grouping grouping = Grouping::kShuffle;
  std::string key;  // name of the grouping field when it is known, for the plan's scope check
  bool keeps_type = true;  // stream type == the bolt's input type
  /// Makes the subscription inside `output` (an Output<T> of the producer) and returns its new lanes.
  std::function<std::vector<std::unique_ptr<LaneBase>>(OutputBase& output, const WiringRequest&)>
      wire;
};

struct ComponentSpec {
  std::string name;
  ComponentKind kind = ComponentKind::kBolt;
  ComponentOptions options;
  std::function<std::unique_ptr<TaskBase>()> make_task;
  std::vector<SubscriptionSpec> subscriptions;
  /// Streams that nobody reads on purpose.
  std::vector<std::string> discarded;
  /// Stands for all tasks while the topology is checked: knows the outputs' names and types.
  std::unique_ptr<TaskBase> prototype;
  std::string factory_error;  // what the factory threw, if it did
};

struct TopologyPlan {
  std::string name;
  std::vector<ComponentSpec> components;
  bool is_exactly_once = false;
  std::vector<std::string> warnings;

  [[nodiscard]] const ComponentSpec* find(const std::string& component) const noexcept;
};

/// Every fault of the plan, each with its mend; empty when it can run. Then also sorts the components
/// topologically and fills plan.warnings.
[[nodiscard]] std::vector<std::string> validate(TopologyPlan& plan);

}  // namespace bora::internal
