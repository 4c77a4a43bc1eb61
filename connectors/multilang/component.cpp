#include "connectors/multilang/component.hpp"

#include <cmath>
#include <cstddef>

#include "bora/check.hpp"
#include "connectors/multilang/codec.hpp"

namespace bora::multilang {

namespace {

std::optional<std::int64_t> whole_number(const Value& value) {
  if (const auto* number = std::get_if<std::int64_t>(&value)) return *number;
  const auto* real = std::get_if<double>(&value);
  constexpr double kLimit = 9e18;
  if (real == nullptr || !(std::abs(*real) < kLimit)) return std::nullopt;
  return std::llround(*real);
}

}  // namespace

void Roster::add(const std::string& component, std::uint32_t tasks) {
  for (const Task& task : tasks_)
    if (task.component == component) return;
  for (std::uint32_t index = 0; index < tasks; ++index)
    tasks_.push_back({component, index});
}

std::int64_t Roster::id_of(std::string_view component, std::uint32_t index) const {
  for (std::size_t i = 0; i < tasks_.size(); ++i)
    if (tasks_[i].component == component && tasks_[i].index == index)
      return static_cast<std::int64_t>(i + 1);
  BORA_CHECK(false, "a task that is in no roster");
  return 0;
}

std::optional<Roster::Task> Roster::find(std::int64_t id) const {
  if (id < 1 || id > static_cast<std::int64_t>(tasks_.size())) return std::nullopt;
  return tasks_[static_cast<std::size_t>(id - 1)];
}

std::vector<std::pair<std::int64_t, std::string>> Roster::tasks() const {
  std::vector<std::pair<std::int64_t, std::string>> all;
  for (std::size_t i = 0; i < tasks_.size(); ++i)
    all.emplace_back(static_cast<std::int64_t>(i + 1), tasks_[i].component);
  return all;
}

Introduction introduce(const ComponentOptions& options, OwnTask own, std::vector<StreamInfo> inputs,
                       const std::vector<StreamInfo>& outputs,
                       const std::vector<Consumer>& consumers) {
  const std::string component{own.component};
  Introduction made;
  made.roster.add(component, own.tasks);
  for (const Consumer& consumer : consumers)
    made.roster.add(consumer.component, consumer.tasks);
  for (const StreamInfo& input : inputs)
    made.roster.add(input.component, 1);

  Handshake& handshake = made.handshake;
  handshake.conf = options.conf;
  handshake.component = component;
  handshake.task = made.roster.id_of(component, own.task);
  handshake.tasks = made.roster.tasks();
  handshake.inputs = std::move(inputs);
  for (const StreamInfo& output : outputs) {
    const std::size_t before = handshake.outputs.size();
    for (const Consumer& consumer : consumers) {
      if (consumer.stream != output.stream) continue;
      handshake.outputs.push_back(output);
      handshake.outputs.back().component = consumer.component;
      handshake.outputs.back().grouping = consumer.grouping;
    }
    if (handshake.outputs.size() == before) handshake.outputs.push_back(output);
  }
  return made;
}

Result<Roster::Task> direct_target(const Emit& emit, const Roster& roster,
                                   const std::vector<Consumer>& consumers) {
  const auto target = roster.find(*emit.task);
  if (!target)
    return Error{ErrorKind::kInvalid, "the child emits to the task " + std::to_string(*emit.task) +
                                          ", of which it was not told"};
  bool is_reader = false;
  for (const Consumer& consumer : consumers) {
    if (consumer.stream != emit.stream) continue;
    if (consumer.grouping != kDirect) {
      return Error{ErrorKind::kInvalid,
                   "the child names a task on the stream '" + emit.stream + "', which " +
                       consumer.component +
                       " does not read by direct emits: subscribe it by "
                       "custom() with DirectTo, and name it in the options' `direct`"};
    }
    is_reader = is_reader || consumer.component == target->component;
  }
  if (!is_reader)
    return Error{ErrorKind::kInvalid, "the child emits to a task of " + target->component +
                                          ", which does not read the stream '" +
                                          excerpt(emit.stream) + "'"};
  return *target;
}

ChildMetrics::ChildMetrics(const std::vector<ChildMetric>& declared) {
  for (const ChildMetric& metric : declared) {
    metrics_.push_back(std::make_unique<Metric>());
    metrics_.back()->declared = metric;
  }
}

Status ChildMetrics::update(const MetricUpdate& update) {
  for (const auto& metric : metrics_) {
    if (metric->declared.name != update.name) continue;
    const bool is_counter = metric->declared.kind == Gauge::Kind::kCounter;
    const bool is_bare = std::holds_alternative<std::monostate>(update.params);
    const auto number =
        is_counter && is_bare ? std::optional<std::int64_t>{1} : whole_number(update.params);
    if (!number)
      return {ErrorKind::kInvalid, "the child's metric " + update.name + " is given no number"};
    const auto bits = static_cast<std::uint64_t>(*number);
    metric->value.set(is_counter ? metric->value.get() + bits : bits);
    return {};
  }
  return {ErrorKind::kInvalid,
          "the child's metric '" + update.name + "' is not declared: add it to the options"};
}

void ChildMetrics::append_to(std::vector<Gauge>& gauges) const {
  for (const auto& metric : metrics_)
    gauges.push_back({metric->declared.name, metric->declared.kind,
                      static_cast<std::int64_t>(metric->value.get())});
}

}  // namespace bora::multilang
