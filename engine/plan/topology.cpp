#include "bora/topology.hpp"

#include <utility>

#include "engine/plan/describe.hpp"

namespace bora {

namespace internal {

std::string_view name_of(Grouping grouping) noexcept {
  switch (grouping) {
    case Grouping::kShuffle: return "shuffle";
    case Grouping::kFields: return "fields";
    case Grouping::kAll: return "all";
    case Grouping::kGlobal: return "global";
    case Grouping::kDirect: return "direct";
    case Grouping::kCustom: return "custom";
    case Grouping::kLocal: return "local";
  }
  return "unknown";
}

std::vector<Topology::Node> nodes_of(const TopologyPlan& plan) {
  std::vector<Topology::Node> nodes;
  for (const ComponentSpec& c : plan.components)
    nodes.push_back({c.name, c.kind == ComponentKind::kSpout, c.options.tasks});
  return nodes;
}

std::vector<Topology::Edge> edges_of(const TopologyPlan& plan) {
  std::vector<Topology::Edge> edges;
  for (const ComponentSpec& c : plan.components) {
    for (const SubscriptionSpec& s : c.subscriptions) {
      std::string grouping(name_of(s.grouping));
      if (!s.key.empty()) grouping += "(" + s.key + ")";
      edges.push_back({s.from, s.stream, c.name, std::move(grouping)});
    }
  }
  return edges;
}

const ComponentSpec* TopologyPlan::find(const std::string& component) const noexcept {
  for (const ComponentSpec& c : components)
    if (c.name == component) return &c;
  return nullptr;
}

}  // namespace internal

std::vector<Topology::Node> Topology::nodes() const { return internal::nodes_of(*plan_); }
std::vector<Topology::Edge> Topology::edges() const { return internal::edges_of(*plan_); }

Result<Topology> TopologyBuilder::build() {
  const std::vector<std::string> faults = internal::validate(*plan_);
  if (faults.empty()) {
    const std::string name = plan_->name;
    auto plan = std::exchange(plan_, std::make_unique<internal::TopologyPlan>());
    plan_->name = name;
    return Topology{std::move(plan)};
  }
  std::string text = "topology '" + plan_->name + "' has " + std::to_string(faults.size()) +
                     (faults.size() == 1 ? " fault:" : " faults:");
  for (const std::string& fault : faults)
    text += "\n  - " + fault;
  return Error{ErrorKind::kInvalid, std::move(text)};
}

}  // namespace bora
