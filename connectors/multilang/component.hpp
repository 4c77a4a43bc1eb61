#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bora/gauge.hpp"
#include "connectors/multilang/child.hpp"
#include "connectors/multilang/messages.hpp"

namespace bora::multilang {

/// Storm's word for a consumer with DirectTo.
inline constexpr std::string_view kDirect = "DIRECT";

/// A component that reads a stream of the child's: what the child is told of it. targets.hpp finds them.
struct Consumer {
  std::string component;
  std::uint32_t tasks = 1;
  std::string stream = "default";
  std::string grouping = "SHUFFLE";  ///< In Storm's words.
};

/// A number that the child may change by a `metrics` message, and that operators see as a gauge of the
/// component.
struct ChildMetric {
  std::string name;  ///< snake_case, with its unit.
  /// kCounter: `params` is added, or 1 if there are none. kLevel: `params` is the new value.
  Gauge::Kind kind = Gauge::Kind::kCounter;
};

/// What the children of bolts and of spouts have in common.
struct ComponentOptions {
  ChildOptions child = {};
  /// What the child is configured by, beside `topology.message.timeout.secs` and the like.
  std::vector<std::pair<std::string, Value>> conf = {};
  /// Names of the components that subscribe with DirectTo: the child is told that they take direct emits.
  std::vector<std::string> direct = {};
  std::vector<ChildMetric> metrics = {};
};

/// Numbers the tasks that a child knows of, as Storm does: from 1 on, its own component's first, then
/// those of the consumers, then those of the inputs.
/// Threads: immutable after the last add().
class Roster {
 public:
  struct Task {
    std::string component;
    std::uint32_t index = 0;  ///< Within the component.
    bool operator==(const Task&) const = default;
  };

  /// Once for each component; what is known already stays as it is.
  void add(const std::string& component, std::uint32_t tasks);
  /// Requires: added.
  [[nodiscard]] std::int64_t id_of(std::string_view component, std::uint32_t index) const;
  [[nodiscard]] std::optional<Task> find(std::int64_t id) const;
  [[nodiscard]] std::vector<std::pair<std::int64_t, std::string>> tasks() const;

 private:
  std::vector<Task> tasks_;  // by id - 1
};

/// What the child is told first, and who is who.
struct Introduction {
  Handshake handshake;
  Roster roster;
};
struct OwnTask {
  std::string_view component;
  std::uint32_t task = 0;
  std::uint32_t tasks = 1;
};
/// `outputs` are the streams, with their fields; `consumers` read them.
[[nodiscard]] Introduction introduce(const ComponentOptions& options, OwnTask own,
                                     std::vector<StreamInfo> inputs,
                                     const std::vector<StreamInfo>& outputs,
                                     const std::vector<Consumer>& consumers);

/// The task that a direct emit names. Requires: emit.task is set.
/// Fails: kInvalid when the child was not told of it, when its component does not read the stream, or when
/// the stream is also read in another way, which has no say where a direct emit goes.
[[nodiscard]] Result<Roster::Task> direct_target(const Emit& emit, const Roster& roster,
                                                 const std::vector<Consumer>& consumers);

/// The numbers that a child may change.
/// Threads: one writes, any reads. Lifetime: gauges() name strings of this object.
class ChildMetrics {
 public:
  explicit ChildMetrics(const std::vector<ChildMetric>& declared);

  /// Fails: kInvalid when the name is not declared or `params` is no number.
  Status update(const MetricUpdate& update);
  void append_to(std::vector<Gauge>& gauges) const;

 private:
  struct Metric {
    ChildMetric declared;
    OwnedCount value;
  };
  std::vector<std::unique_ptr<Metric>> metrics_;
};

}  // namespace bora::multilang
