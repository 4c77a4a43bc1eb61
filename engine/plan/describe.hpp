#pragma once

#include <string_view>
#include <vector>

#include "bora/topology.hpp"

namespace bora::internal {

[[nodiscard]] std::vector<Topology::Node> nodes_of(const TopologyPlan& plan);
[[nodiscard]] std::vector<Topology::Edge> edges_of(const TopologyPlan& plan);
[[nodiscard]] std::string_view name_of(Grouping grouping) noexcept;

}  // namespace bora::internal
