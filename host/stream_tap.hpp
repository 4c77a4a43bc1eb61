#pragma once

#include <string>

#include "bora/running_topology.hpp"
#include "host/tap.hpp"

namespace bora::host {

/// "emit:raw/parse", or "emit:authentication/parse.devices" for another stream than the default one.
[[nodiscard]] std::string stream_tap_name(const std::string& topology, const std::string& component,
                                          const std::string& stream);

/// Adds a tap of the stream of an edge. Requires: nobody watches it any more when `topology` goes.
void tap_stream(Taps& taps, const std::string& name, RunningTopology& topology,
                const Topology::Edge& edge);

}  // namespace bora::host
