#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "connectors/multilang/value.hpp"

/// What the two sides of Storm's multilang protocol say to each other, as plain values.
namespace bora::multilang {

/// The child's answer to the handshake: who it is.
struct Hello {
  std::int64_t pid = 0;
};

/// The child emits a tuple.
struct Emit {
  std::string stream = "default";
  std::vector<std::string> anchors = {};  ///< Bolts: ids of the tuples it comes from.
  Value id = {};                          ///< Spouts: nothing when it is not tracked.
  std::optional<std::int64_t> task = {};  ///< Set: to this task alone, a direct emit.
  Values tuple = {};
  bool need_task_ids = true;

  /// The child waits for the ids of the tasks that it went to. Not of a direct one: it named the task.
  [[nodiscard]] bool wants_ids() const noexcept { return need_task_ids && !task; }
};

/// A bolt's child is done with a tuple.
struct Ack {
  std::string id;
};
struct Fail {
  std::string id;
};

enum class LogLevel : std::uint8_t { kTrace, kDebug, kInfo, kWarn, kError };
struct LogLine {
  LogLevel level = LogLevel::kInfo;
  std::string text;
};

/// Something went wrong in the child, which goes on.
struct ErrorReport {
  std::string text;
};

struct MetricUpdate {
  std::string name;
  Value params;
};

/// The end of the answer to a spout's command, or the answer to a heartbeat.
struct Sync {};

using ChildMessage = std::variant<Hello, Emit, Ack, Fail, LogLine, ErrorReport, MetricUpdate, Sync>;

/// A stream as the child learns of it.
struct StreamInfo {
  std::string component;  ///< Of an input: who emits it. Of an output: who reads it; empty: nobody.
  std::string stream = "default";
  std::vector<std::string> fields = {};
  std::string grouping = "SHUFFLE";  ///< In Storm's words.
};

/// What the child is told first.
struct Handshake {
  std::vector<std::pair<std::string, Value>> conf = {};
  std::string component = {};
  std::int64_t task = 1;  ///< Which task of the topology the child belongs to.
  std::vector<std::pair<std::int64_t, std::string>> tasks = {};  ///< Task -> component.
  std::vector<StreamInfo> inputs = {};
  std::vector<StreamInfo> outputs = {};
};

}  // namespace bora::multilang
