#include "topologies/parts/topic_plan.hpp"

namespace bora::parts {
namespace {

std::string_view word_of(TopicPlan::Cleanup cleanup) noexcept {
  return cleanup == TopicPlan::Cleanup::kCompact ? "compact" : "delete";
}

template <class T>
void compare(std::string_view what, const std::optional<T>& wanted, const std::optional<T>& found,
             std::vector<std::string>& differences) {
  if (!wanted || !found || *wanted == *found) return;
  differences.push_back(std::string{what} + " is " + std::to_string(*found) + ", not " +
                        std::to_string(*wanted));
}

std::optional<std::int64_t> in_millis(const std::optional<std::chrono::milliseconds>& time) {
  if (!time) return std::nullopt;
  return time->count();
}

}  // namespace

std::vector<std::string> differences(const TopicPlan& wanted, const TopicPlan& found) {
  std::vector<std::string> differences;
  compare("the number of partitions", wanted.partitions, found.partitions, differences);
  compare("replication", wanted.replication, found.replication, differences);
  compare("retention in ms", in_millis(wanted.retention), in_millis(found.retention), differences);
  if (wanted.cleanup && found.cleanup && *wanted.cleanup != *found.cleanup)
    differences.push_back("cleanup is " + std::string{word_of(*found.cleanup)} + ", not " +
                          std::string{word_of(*wanted.cleanup)});
  return differences;
}

Status verify(TopicTools& tools, std::span<const TopicPlan> plans, std::string_view program) {
  std::string faults;
  const auto add = [&](const std::string& fault) {
    faults += (faults.empty() ? "" : "; ") + fault;
  };
  bool is_missing = false;
  for (const TopicPlan& plan : plans) {
    const auto found = tools.describe(plan.name);
    if (!found) {
      if (found.error().kind != ErrorKind::kNotFound) return found.status();
      is_missing = true;
      add("topic " + plan.name + " is missing");
      continue;
    }
    for (const std::string& difference : differences(plan, *found))
      add("topic " + plan.name + ": " + difference);
  }
  if (faults.empty()) return {};
  if (is_missing) add("run `" + std::string{program} + " topics create` with the same settings");
  return {is_missing ? ErrorKind::kNotFound : ErrorKind::kInvalid, std::move(faults)};
}

}  // namespace bora::parts
