#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "bora/bolt.hpp"
#include "bora/internal/plan.hpp"
#include "bora/options.hpp"
#include "bora/spout.hpp"
#include "bora/stable_hash.hpp"
#include "bora/status.hpp"

namespace bora {

/// A checked topology, ready to run once: see RunningTopology. Move-only.
class Topology {
 public:
  explicit Topology(std::unique_ptr<internal::TopologyPlan> plan) : plan_(std::move(plan)) {}

  struct Edge {
    std::string from, stream, to, grouping;
    bool operator==(const Edge&) const = default;
  };
  struct Node {
    std::string name;
    bool is_spout = false;
    std::uint32_t tasks = 1;
  };
  [[nodiscard]] const std::string& name() const noexcept { return plan_->name; }
  [[nodiscard]] std::vector<Node> nodes() const;
  [[nodiscard]] std::vector<Edge> edges() const;
  /// What is allowed but probably not meant, such as a fields grouping that the source's
  /// partitioning does not imply.
  [[nodiscard]] const std::vector<std::string>& warnings() const noexcept {
    return plan_->warnings;
  }

  /// For the engine.
  [[nodiscard]] std::unique_ptr<internal::TopologyPlan> take_plan() && { return std::move(plan_); }

 private:
  std::unique_ptr<internal::TopologyPlan> plan_;
};

class TopologyBuilder;

/// One stream of one component, as something to subscribe to.
template <class T>
struct Stream {
  using Tuple = T;
  std::string component;
  std::string name;
};

/// What topology.spout() and topology.bolt() give back: names the component, and its streams.
/// `handle[&MyBolt::alerts]` is the stream of that output; the handle itself stands for the default
/// stream.
template <class C>
class ComponentHandle {
 public:
  template <class T, class Owner>
    requires std::derived_from<C, Owner>
  [[nodiscard]] Stream<T> operator[](Output<T> Owner::*output) const {
    return {name_, prototype_ == nullptr ? std::string{} : (prototype_->*output).name()};
  }
  [[nodiscard]] auto default_stream() const {
    static_assert(
        requires { typename C::DefaultTuple; },
        "this component has no default stream: name one, handle[&Component::output]");
    return Stream<typename C::DefaultTuple>{name_, "default"};
  }
  [[nodiscard]] const std::string& name() const noexcept { return name_; }

 protected:
  ComponentHandle(std::string name, C* prototype) : name_(std::move(name)), prototype_(prototype) {}
  friend class TopologyBuilder;

 private:
  std::string name_;
  C* prototype_;  // owned by the builder's plan; null when the factory threw
};

template <class S>
class SpoutHandle : public ComponentHandle<S> {
  using ComponentHandle<S>::ComponentHandle;
  friend class TopologyBuilder;
};

namespace internal {
template <class T>
Stream<T> as_stream(const Stream<T>& s) {
  return s;
}
template <class C>
auto as_stream(const ComponentHandle<C>& h) {
  return h.default_stream();
}
}  // namespace internal

/// A bolt in the making: subscribe it to streams.
template <class B>
class BoltHandle : public ComponentHandle<B> {
 public:
  using In = typename B::Input;

  /// Tuples go round the tasks.
  template <class From>
  BoltHandle& shuffle(const From& from) {
    return subscribe(internal::as_stream(from), {Grouping::kShuffle});
  }
  /// Tuples with one key go to one task. `key` is a member of the tuple or a function of it; its
  /// value is an integer, an enum, or something that converts to std::string_view. `name` is the key's
  /// name, for the check against the source's partitioning.
  template <class From, class Key>
  BoltHandle& fields(const From& from, Key key, std::string name = {});
  /// Every task gets every tuple.
  template <class From>
  BoltHandle& all(const From& from) {
    return subscribe(internal::as_stream(from), {Grouping::kAll});
  }
  /// Task 0 gets every tuple.
  template <class From>
  BoltHandle& global(const From& from) {
    return subscribe(internal::as_stream(from), {Grouping::kGlobal});
  }
  /// The producer names the task: Output::emit_direct().
  template <class From>
  BoltHandle& direct(const From& from) {
    return subscribe(internal::as_stream(from), {Grouping::kDirect});
  }
  /// `choose(tuple, TaskChoice&)` picks the tasks.
  template <class From, class Choose>
  BoltHandle& custom(const From& from, Choose choose);
  /// Task i of this bolt runs on the thread of task i of the producer: the hop is a function call.
  /// Both need the same number of tasks.
  template <class From>
  BoltHandle& local(const From& from) {
    return subscribe(internal::as_stream(from), {Grouping::kLocal});
  }

 private:
  template <class T>
  struct How {
    Grouping grouping = Grouping::kShuffle;
    internal::KeyHash<T> hash = {};
    internal::CustomGrouping<T> custom = {};
    std::string key = {};
  };
  template <class T>
  BoltHandle& subscribe(const Stream<T>& stream, How<std::type_identity_t<T>> how);

  BoltHandle(std::string name, B* prototype, internal::TopologyPlan* plan, std::size_t index)
      : ComponentHandle<B>(std::move(name), prototype), plan_(plan), index_(index) {}
  friend class TopologyBuilder;

  internal::TopologyPlan* plan_;
  std::size_t index_;
};

/// Describes a topology: spouts, bolts, and who reads what how. Wrong types do not compile; every
/// other fault is reported by build(), all at once. Handles are valid until build().
class TopologyBuilder {
 public:
  explicit TopologyBuilder(std::string name) : plan_(std::make_unique<internal::TopologyPlan>()) {
    plan_->name = std::move(name);
  }

  /// Adds a spout. `factory` makes one instance per task, by value or as a unique_ptr; it runs here
  /// once already, so constructors must not touch the outside world (open() does).
  template <class Factory>
  auto spout(std::string name, Factory factory, ComponentOptions options = {});
  template <class Factory>
  auto bolt(std::string name, Factory factory, ComponentOptions options = {});
  /// Says that nobody reads this stream, on purpose.
  template <class From>
  TopologyBuilder& discard(const From& from) {
    const auto stream = internal::as_stream(from);
    for (auto& c : plan_->components)
      if (c.name == stream.component) c.discarded.push_back(stream.name);
    return *this;
  }

  /// Promises that each record of its source counts once in what it writes: its spout and its sinks share
  /// a transaction. build() then refuses every component that could do something which a transaction
  /// cannot take back: each must declare its ComponentOptions::effects.
  TopologyBuilder& exactly_once() {
    plan_->is_exactly_once = true;
    return *this;
  }

  /// The topology, or one kInvalid error that lists every fault and how to mend it.
  [[nodiscard]] Result<Topology> build();

 private:
  std::unique_ptr<internal::TopologyPlan> plan_;
};

}  // namespace bora

#include "bora/internal/builder.hpp"
