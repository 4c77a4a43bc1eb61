#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "bora/topology.hpp"

namespace bora::host {

/// {"name": ..., "nodes": [...], "edges": [...]}: the same in `graph --format json` and in
/// /api/v1/topology.
[[nodiscard]] nlohmann::ordered_json graph_json(const std::string& name,
                                                const std::vector<Topology::Node>& nodes,
                                                const std::vector<Topology::Edge>& edges);

}  // namespace bora::host
