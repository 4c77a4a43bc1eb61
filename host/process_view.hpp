#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "bora/metrics.hpp"
#include "bora/topology.hpp"
#include "host/assembly.hpp"

namespace bora::host {

enum class ProcessState : std::uint8_t { kStarting, kRunning, kStopping };

[[nodiscard]] constexpr std::string_view to_string(ProcessState state) noexcept {
  switch (state) {
    case ProcessState::kStarting: return "starting";
    case ProcessState::kRunning: return "running";
    case ProcessState::kStopping: return "stopping";
  }
  return "unknown";
}

/// A running topology, at one moment.
struct TopologyView {
  std::vector<Topology::Node> nodes;
  std::vector<Topology::Edge> edges;
  MetricsSnapshot metrics;
};

/// What the control plane shows of a process, at one moment. Plain data.
struct ProcessView {
  std::string program;
  std::string version;
  ProcessState state = ProcessState::kStarting;
  std::chrono::milliseconds uptime{};
  std::vector<TopologyView> topologies = {};
  std::vector<Sample> samples = {};
};

}  // namespace bora::host
