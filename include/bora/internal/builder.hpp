#pragma once

// The template bodies of topology.hpp; include that.

#include <stdexcept>

#include "bora/topology.hpp"

namespace bora {

namespace internal {

template <class T>
struct MadeBy {  // a factory that returns the component itself
  using Component = T;
  static constexpr bool kExact = true;
};
template <class T>
struct MadeBy<std::unique_ptr<T>> {  // the instance may be of a derived class
  using Component = T;
  static constexpr bool kExact = false;
};

template <class Factory>
auto make_component(Factory& factory) {
  using Made = MadeBy<std::invoke_result_t<Factory&>>;
  if constexpr (Made::kExact) {
    // Guaranteed elision: the component is made in place, so its outputs' addresses hold.
    return std::unique_ptr<typename Made::Component>(new typename Made::Component(factory()));
  } else {
    auto made = factory();
    if (made == nullptr) throw std::runtime_error("it made a null pointer");
    return made;
  }
}

/// A bolt takes its own type, and what becomes it by itself, such as one of a variant. Numbers of other
/// types would, too, but silently lose what does not fit.
template <class In, class T>
inline constexpr bool kTakes = std::is_same_v<T, In> ||
                               (std::is_class_v<In> && std::is_convertible_v<const T&, In>);

/// Calls the factory, once for the prototype; a throw is remembered as a fault of the plan.
template <class MakeTask>
void add_prototype(ComponentSpec& spec, MakeTask& make_task) {
  try {
    spec.prototype = make_task();
  } catch (const std::exception& e) {
    spec.factory_error = e.what();
  } catch (...) {
    spec.factory_error = "an exception that is no std::exception";
  }
}

template <class T, class In>
std::vector<std::unique_ptr<LaneBase>> wire_subscription(
    typename SubscriptionTo<T, In>::Wiring wiring, OutputBase& output,
    const WiringRequest& request) {
  std::vector<std::unique_ptr<LaneBase>> made;
  wiring.context = request.producer->context;
  for (TaskBase* consumer : request.consumers) {
    auto lane = std::make_unique<Lane<In>>(*request.producer, *consumer);
    wiring.lanes.push_back(lane.get());
    made.push_back(std::move(lane));
  }
  static_cast<Output<T>&>(output).add(std::make_unique<SubscriptionTo<T, In>>(std::move(wiring)));
  return made;
}

}  // namespace internal

template <class Factory>
auto TopologyBuilder::spout(std::string name, Factory factory, ComponentOptions options) {
  using S = typename internal::MadeBy<std::invoke_result_t<Factory&>>::Component;
  static_assert(std::derived_from<S, SpoutBase>,
                "the factory of a spout must make a bora::Spout<T>");
  internal::ComponentSpec spec;
  spec.name = name;
  spec.kind = internal::ComponentKind::kSpout;
  spec.options = std::move(options);
  S* made = nullptr;
  auto make = [factory]() mutable -> std::unique_ptr<internal::TaskBase> {
    return std::make_unique<internal::SpoutTask>(internal::make_component(factory));
  };
  internal::add_prototype(spec, make);
  if (spec.prototype) made = static_cast<S*>(&spec.prototype->component());
  spec.make_task = std::move(make);
  plan_->components.push_back(std::move(spec));
  return SpoutHandle<S>(std::move(name), made);
}

template <class Factory>
auto TopologyBuilder::bolt(std::string name, Factory factory, ComponentOptions options) {
  using Made = internal::MadeBy<std::invoke_result_t<Factory&>>;
  using B = typename Made::Component;
  static_assert(
      std::derived_from<B, BoltBase> && requires { typename B::Input; },
      "the factory of a bolt must make a bora::Bolt<In> or bora::InPlaceBolt<In>");
  internal::ComponentSpec spec;
  spec.name = name;
  spec.kind = internal::ComponentKind::kBolt;
  spec.options = std::move(options);
  B* made = nullptr;
  auto make = [factory]() mutable -> std::unique_ptr<internal::TaskBase> {
    return std::make_unique<internal::BoltTask<B, Made::kExact>>(internal::make_component(factory));
  };
  internal::add_prototype(spec, make);
  if (spec.prototype) made = static_cast<B*>(&spec.prototype->component());
  spec.make_task = std::move(make);
  plan_->components.push_back(std::move(spec));
  return BoltHandle<B>(std::move(name), made, plan_.get(), plan_->components.size() - 1);
}

template <class B>
template <class From, class Key>
BoltHandle<B>& BoltHandle<B>::fields(const From& from, Key key, std::string name) {
  auto stream = internal::as_stream(from);
  using T = typename decltype(stream)::Tuple;
  static_assert(
      std::invocable<Key&, const T&>,
      "the key of a fields grouping is a member of the stream's tuple or a function of it");
  How<T> how{Grouping::kFields};
  how.key = std::move(name);
  how.hash = [key](const T& tuple) { return stable_hash(std::invoke(key, tuple)); };
  return subscribe(stream, std::move(how));
}

template <class B>
template <class From, class Choose>
BoltHandle<B>& BoltHandle<B>::custom(const From& from, Choose choose) {
  auto stream = internal::as_stream(from);
  using T = typename decltype(stream)::Tuple;
  static_assert(std::invocable<Choose&, const T&, TaskChoice&>,
                "a custom grouping is a function of the tuple and a bora::TaskChoice");
  How<T> how{Grouping::kCustom};
  how.custom = std::move(choose);
  return subscribe(stream, std::move(how));
}

template <class B>
template <class T>
BoltHandle<B>& BoltHandle<B>::subscribe(const Stream<T>& stream, How<std::type_identity_t<T>> how) {
  static_assert(internal::kTakes<In, T>, "this bolt takes another type than the stream carries");
  internal::SubscriptionSpec spec;
  spec.from = stream.component;
  spec.stream = stream.name;
  spec.type = typeid(T);
  spec.grouping = how.grouping;
  spec.key = how.key;
  spec.keeps_type = std::is_same_v<T, In>;
  spec.wire = [how = std::move(how)](OutputBase& output, const internal::WiringRequest& request) {
    typename internal::SubscriptionTo<T, In>::Wiring wiring;
    wiring.grouping = how.grouping;
    wiring.hash = how.hash;
    wiring.custom = how.custom;
    return internal::wire_subscription<T, In>(std::move(wiring), output, request);
  };
  plan_->components[index_].subscriptions.push_back(std::move(spec));
  return *this;
}

}  // namespace bora
