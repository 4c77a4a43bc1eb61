#pragma once

#include <cstdint>
#include <vector>

#include "bora/emit_targets.hpp"
#include "bora/status.hpp"
#include "connectors/multilang/component.hpp"

/// Where what a child emits goes, in the protocol's words. Inline, so that only who uses it, with the
/// engine, depends on the engine.
namespace bora::multilang {

/// In Storm's words.
[[nodiscard]] inline const char* name_of(Grouping grouping) {
  switch (grouping) {
    case Grouping::kShuffle: return "SHUFFLE";
    case Grouping::kGlobal:  // by no field at all, as it is there
    case Grouping::kFields: return "FIELDS";
    case Grouping::kAll: return "ALL";
    case Grouping::kDirect: return "DIRECT";
    case Grouping::kLocal: return "LOCAL_OR_SHUFFLE";
    case Grouping::kCustom: return "CUSTOM_SERIALIZED";
  }
  return "SHUFFLE";
}

/// Who reads the child's streams. Those that `options` name as direct are told to be so.
/// Fails: kInvalid when one subscribes by direct(), which nothing that a child emits would reach.
[[nodiscard]] inline Result<std::vector<Consumer>> consumers_of(const EmitTargets& targets,
                                                                const ComponentOptions& options) {
  std::vector<Consumer> all;
  for (const EmitTargets::Consumer& found : targets.consumers()) {
    if (found.grouping == Grouping::kDirect) {
      return Error{ErrorKind::kInvalid, found.component +
                                            " reads a child's stream by direct(), which the child "
                                            "cannot reach: subscribe it by custom(..., multilang::"
                                            "DirectTo{\"" +
                                            found.component + "\"})"};
    }
    all.push_back({found.component, found.tasks, found.stream, name_of(found.grouping)});
    for (const std::string& direct : options.direct)
      if (direct == found.component && found.grouping == Grouping::kCustom)
        all.back().grouping = kDirect;
  }
  return all;
}

/// What the child calls the tasks that were reached since targets.begin().
[[nodiscard]] inline std::vector<std::int64_t> reached_ids(const EmitTargets& targets,
                                                           const Roster& roster) {
  std::vector<std::int64_t> ids;
  for (const EmitTargets::Task& task : targets.reached())
    ids.push_back(roster.id_of(task.component, task.index));
  return ids;
}

}  // namespace bora::multilang
