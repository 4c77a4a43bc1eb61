// Every check of a plan, one function each; all faults are collected before anything is said.

#include <algorithm>
#include <bit>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "bora/internal/plan.hpp"
#include "engine/plan/describe.hpp"

namespace bora::internal {

namespace {

using Faults = std::vector<std::string>;

/// A tree reference has 31 bits for the spout task and the slot.
constexpr std::uint32_t kMostInFlight = 1U << 24;
constexpr std::uint32_t kMostTasks = 1024;

std::string quoted(std::string_view name) { return "'" + std::string(name) + "'"; }

std::string list(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names)
    text += (text.empty() ? "" : ", ") + quoted(name);
  return text.empty() ? "none" : text;
}

/// Null when there is no such output, or the component could not be made.
const OutputBase* find_output(const ComponentSpec& c, const std::string& stream) {
  if (!c.prototype) return nullptr;
  const auto& outputs = c.prototype->component().outputs();
  const auto at = std::find_if(outputs.begin(), outputs.end(),
                               [&](const OutputBase* o) { return o->name() == stream; });
  return at == outputs.end() ? nullptr : *at;
}

std::vector<std::string> streams_of(const ComponentSpec& c) {
  std::vector<std::string> names;
  if (c.prototype)
    for (const OutputBase* output : c.prototype->component().outputs())
      names.push_back(output->name());
  return names;
}

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

void check_names(const TopologyPlan& plan, Faults& faults) {
  if (plan.name.empty()) faults.push_back("the topology has no name: give TopologyBuilder one");
  if (plan.components.empty()) faults.push_back("it has no components: add a spout and a bolt");
  std::map<std::string, int> seen;
  for (const ComponentSpec& c : plan.components) {
    if (c.name.empty()) faults.push_back("a component has no name: give each spout and bolt one");
    if (++seen[c.name] == 2 && !c.name.empty())
      faults.push_back("two components are named " + quoted(c.name) + ": rename one");
    std::set<std::string> streams;
    for (const std::string& s : streams_of(c))
      if (!streams.insert(s).second)
        faults.push_back(quoted(c.name) + " declares two outputs named " + quoted(s) +
                         ": rename one");
  }
}

void check_options(const TopologyPlan& plan, Faults& faults) {
  for (const ComponentSpec& c : plan.components) {
    if (!c.factory_error.empty())
      faults.push_back("the factory of " + quoted(c.name) + " threw: " + c.factory_error +
                       "; constructors must not touch the outside world, open() does");
    if (c.options.tasks == 0 || c.options.tasks > kMostTasks)
      faults.push_back(quoted(c.name) + " has " + std::to_string(c.options.tasks) +
                       " tasks: give it 1 to " + std::to_string(kMostTasks));
    if (c.kind == ComponentKind::kSpout &&
        (c.options.max_in_flight == 0 || c.options.max_in_flight > kMostInFlight))
      faults.push_back(quoted(c.name) + " has max_in_flight " +
                       std::to_string(c.options.max_in_flight) + ": give it 1 to " +
                       std::to_string(kMostInFlight));
  }
}

/// A reference names the spout task and the message, see Ledger.
void check_capacity(const TopologyPlan& plan, Faults& faults) {
  std::uint64_t tasks = 0;
  std::uint32_t most = 1;
  for (const ComponentSpec& c : plan.components) {
    if (c.kind != ComponentKind::kSpout) continue;
    tasks += c.options.tasks;
    most = std::max(most, std::min(c.options.max_in_flight, kMostInFlight));
  }
  if (tasks << std::bit_width(most + 1) < kJointBit) return;
  faults.push_back("its spouts have " + std::to_string(tasks) + " tasks with up to " +
                   std::to_string(most) +
                   " messages in flight each, more than the engine can number: lower "
                   "max_in_flight or tasks");
}

void check_subscriptions(const TopologyPlan& plan, Faults& faults) {
  for (const ComponentSpec& c : plan.components) {
    if (c.kind == ComponentKind::kBolt && c.subscriptions.empty())
      faults.push_back("bolt " + quoted(c.name) +
                       " reads no stream: subscribe it, for instance with .shuffle(upstream)");
    for (const SubscriptionSpec& s : c.subscriptions) {
      const ComponentSpec* from = plan.find(s.from);
      if (from == nullptr) {
        faults.push_back(quoted(c.name) + " reads from " + quoted(s.from) +
                         ", which is not in this topology: use a handle of this builder");
      } else if (from->prototype && !contains(streams_of(*from), s.stream)) {
        faults.push_back(quoted(c.name) + " reads stream " + quoted(s.stream) + " of " +
                         quoted(s.from) +
                         ", which has no such output; it has: " + list(streams_of(*from)));
      } else if (const OutputBase* output = find_output(*from, s.stream);
                 output != nullptr && output->type() != s.type) {
        faults.push_back(quoted(c.name) + " reads stream " + quoted(s.stream) + " of " +
                         quoted(s.from) +
                         " as another type than it carries: use a handle of this builder");
      }
    }
  }
}

void check_unread(const TopologyPlan& plan, Faults& faults) {
  for (const ComponentSpec& c : plan.components) {
    for (const std::string& stream : streams_of(c)) {
      const bool read = std::any_of(
          plan.components.begin(), plan.components.end(), [&](const ComponentSpec& other) {
            return std::any_of(
                other.subscriptions.begin(), other.subscriptions.end(),
                [&](const SubscriptionSpec& s) { return s.from == c.name && s.stream == stream; });
          });
      if (!read && !contains(c.discarded, stream))
        faults.push_back("nobody reads stream " + quoted(stream) + " of " + quoted(c.name) +
                         ": subscribe a bolt to it, or say topology.discard(...)");
    }
  }
}

/// Puts the components into topological order. What cannot be ordered lies on a cycle or behind one.
void check_cycles(TopologyPlan& plan, Faults& faults) {
  std::vector<ComponentSpec> sorted;
  std::set<std::string> done;
  std::vector<ComponentSpec> left = std::move(plan.components);
  plan.components.clear();
  const auto is_known = [&](const std::string& name) {
    return std::any_of(left.begin(), left.end(),
                       [&](const ComponentSpec& c) { return c.name == name; });
  };
  for (bool moved = true; moved;) {
    moved = false;
    for (auto it = left.begin(); it != left.end();) {
      const bool ready = std::all_of(
          it->subscriptions.begin(), it->subscriptions.end(),
          [&](const SubscriptionSpec& s) { return done.count(s.from) != 0 || !is_known(s.from); });
      if (!ready) {
        ++it;
        continue;
      }
      done.insert(it->name);
      sorted.push_back(std::move(*it));
      it = left.erase(it);
      moved = true;
    }
  }
  if (!left.empty()) {
    std::vector<std::string> names;
    for (const ComponentSpec& c : left)
      names.push_back(c.name);
    faults.push_back(
        "these components wait for each other in a cycle, or follow one: " + list(names) +
        "; a topology is acyclic: take the subscription out that leads back");
  }
  for (ComponentSpec& c : left)
    sorted.push_back(std::move(c));
  plan.components = std::move(sorted);
}

/// Where each component's tasks run: the root of its chain of `local` subscriptions.
std::string thread_root(const TopologyPlan& plan, const ComponentSpec& c, std::size_t depth = 0) {
  if (depth > plan.components.size()) return c.name;  // a cycle, reported elsewhere
  for (const SubscriptionSpec& s : c.subscriptions) {
    if (s.grouping != Grouping::kLocal) continue;
    const ComponentSpec* from = plan.find(s.from);
    return from == nullptr ? c.name : thread_root(plan, *from, depth + 1);
  }
  return c.name;
}

void check_local(const TopologyPlan& plan, Faults& faults) {
  for (const ComponentSpec& c : plan.components) {
    std::set<std::string> roots;
    for (const SubscriptionSpec& s : c.subscriptions) {
      if (s.grouping != Grouping::kLocal) continue;
      const ComponentSpec* from = plan.find(s.from);
      if (from == nullptr) continue;
      roots.insert(thread_root(plan, *from));
      if (from->options.tasks != c.options.tasks)
        faults.push_back(quoted(c.name) + " is local to " + quoted(s.from) + " but has " +
                         std::to_string(c.options.tasks) + " tasks where that has " +
                         std::to_string(from->options.tasks) + ": give both the same number");
    }
    if (roots.size() > 1)
      faults.push_back(quoted(c.name) + " is local to components on different threads (" +
                       list({roots.begin(), roots.end()}) +
                       "): keep one `local`, make the others shuffle or fields");
  }
}

/// A component and all whose tuples reach it.
void collect_upstream(const TopologyPlan& plan, const ComponentSpec& c,
                      std::set<const ComponentSpec*>& upstream) {
  if (!upstream.insert(&c).second) return;
  for (const SubscriptionSpec& s : c.subscriptions)
    if (const ComponentSpec* from = plan.find(s.from)) collect_upstream(plan, *from, upstream);
}

/// Across processes the source's partitioning does the grouping: a keyed bolt is right there only when
/// its key is the key of its source.
void warn_of_scope(TopologyPlan& plan) {
  for (const ComponentSpec& c : plan.components) {
    for (const SubscriptionSpec& s : c.subscriptions) {
      if (s.grouping != Grouping::kFields) continue;
      std::set<const ComponentSpec*> upstream;
      if (const ComponentSpec* from = plan.find(s.from)) collect_upstream(plan, *from, upstream);
      for (const ComponentSpec* spout : upstream) {
        if (spout->kind != ComponentKind::kSpout || spout->options.source_key.empty() ||
            spout->options.source_key == s.key)
          continue;
        plan.warnings.push_back(
            quoted(c.name) + " groups " +
            (s.key.empty() ? "by a key without a name" : "by " + quoted(s.key)) +
            ", but its source " + quoted(spout->name) + " is partitioned by " +
            quoted(spout->options.source_key) +
            ": in several processes one key may reach several of them; publish to a topic keyed by "
            "it first, or" +
            " name the key in .fields(from, key, \"" + spout->options.source_key +
            "\") when it is the same");
      }
    }
  }
}

/// A transaction has one source, and takes back nothing but records.
void check_exactly_once(const TopologyPlan& plan, Faults& faults) {
  if (!plan.is_exactly_once) return;
  std::vector<std::string> spouts;
  for (const ComponentSpec& c : plan.components) {
    if (c.kind == ComponentKind::kSpout) spouts.push_back(c.name);
    if (c.kind == ComponentKind::kSpout && c.options.tasks > 1)
      faults.push_back(quoted(c.name) + " has " + std::to_string(c.options.tasks) +
                       " tasks, and a transaction has one source: give it one task, and run more "
                       "processes instead");
    if (c.options.effects == Effects::kUnknown)
      faults.push_back(quoted(c.name) +
                       " does not declare its effects, so it may do what an aborted transaction "
                       "cannot take back: set ComponentOptions::effects to kNone or kTransaction "
                       "when that is true, else leave exactly_once() out");
  }
  if (spouts.size() > 1)
    faults.push_back("it has the spouts " + list(spouts) +
                     ", and a transaction has one source: make a topology for each");
}

}  // namespace

std::vector<std::string> validate(TopologyPlan& plan) {
  Faults faults;
  check_names(plan, faults);
  check_options(plan, faults);
  check_capacity(plan, faults);
  check_subscriptions(plan, faults);
  check_unread(plan, faults);
  check_cycles(plan, faults);
  check_local(plan, faults);
  check_exactly_once(plan, faults);
  plan.warnings.clear();
  if (faults.empty()) warn_of_scope(plan);
  return faults;
}

}  // namespace bora::internal
