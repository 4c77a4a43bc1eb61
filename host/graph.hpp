#pragma once

#include <string>
#include <vector>

#include "bora/topology.hpp"

namespace bora::host {

/// Topologies for people, for Graphviz (one digraph with a cluster for each), and for programs.
[[nodiscard]] std::string graph_as_text(const std::vector<const Topology*>& topologies);
[[nodiscard]] std::string graph_as_dot(const std::vector<const Topology*>& topologies);
[[nodiscard]] std::string graph_as_json(const std::vector<const Topology*>& topologies);

}  // namespace bora::host
