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

/// One thing that keeps a process from being ready or alive.
struct Reason {
  enum class Kind : std::uint8_t { kState, kStuck, kSource, kLag, kSink, kPart };
  Kind kind = Kind::kState;
  std::string topology = {};   ///< Empty when it is about none.
  std::string component = {};  ///< Or the part's name.
  std::string text;            ///< For people: which message, how long, what was seen.
};

[[nodiscard]] constexpr std::string_view to_string(Reason::Kind kind) noexcept {
  switch (kind) {
    case Reason::Kind::kState: return "state";
    case Reason::Kind::kStuck: return "stuck";
    case Reason::Kind::kSource: return "source";
    case Reason::Kind::kLag: return "lag";
    case Reason::Kind::kSink: return "sink";
    case Reason::Kind::kPart: return "part";
  }
  return "unknown";
}

/// A running topology, at one moment.
struct TopologyView {
  std::vector<Topology::Node> nodes;
  std::vector<Topology::Edge> edges;
  MetricsSnapshot metrics;
  std::vector<std::string> paused_spouts = {};  ///< By operators.
};

/// "parse[0]", as MetricsSnapshot::stuck names tasks, without its number: "parse".
[[nodiscard]] constexpr std::string_view component_of(std::string_view task) noexcept {
  return task.substr(0, task.rfind('['));
}

/// A part that says that it cannot work.
struct UnreadyPart {
  std::string name;
  std::string why;
};

/// What the control plane shows of a process, at one moment. Plain data.
struct ProcessView {
  std::string program;
  std::string version;
  ProcessState state = ProcessState::kStarting;
  std::chrono::milliseconds uptime{};
  WallTime now{};
  std::vector<TopologyView> topologies = {};
  std::vector<Sample> samples = {};
  std::vector<UnreadyPart> unready_parts = {};
  std::vector<std::string> taps = {};
  std::vector<Reason> unready = {};  ///< What keeps it from being ready, filled in by who looks.
};

}  // namespace bora::host
