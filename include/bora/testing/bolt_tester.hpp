#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "bora/check.hpp"
#include "bora/failure.hpp"
#include "bora/options.hpp"
#include "bora/testing/internal/probe.hpp"
#include "bora/testing/manual_clock.hpp"
#include "bora/testing/stepped_topology.hpp"
#include "bora/topology.hpp"

namespace bora::testing {

/// One tuple that a tester fed, and what became of it so far. Valid as long as its tester.
class Fed {
 public:
  Fed(const std::vector<internal::FedState>& states, std::size_t id) : states_(&states), id_(id) {}

  /// Done: acked by the bolt, and by whoever took what it emitted for it.
  [[nodiscard]] bool acked() const { return state().acks == 1 && state().failures.empty(); }
  [[nodiscard]] bool failed() const { return state().acks == 0 && state().failures.size() == 1; }
  /// Held by the bolt, or by whoever took what it emitted for it.
  [[nodiscard]] bool pending() const { return state().acks == 0 && state().failures.empty(); }
  /// Why it failed. Requires: failed().
  [[nodiscard]] const Failure& failure() const {
    BORA_CHECK(failed(), "failure() of a tuple that did not fail once");
    return state().failures.front();
  }

 private:
  [[nodiscard]] const internal::FedState& state() const { return (*states_)[id_]; }
  const std::vector<internal::FedState>* states_;
  std::size_t id_;
};

struct BoltTesterOptions {
  /// Tuples that may be pending at once; more wait for these.
  std::uint32_t max_in_flight = 8192;
  EngineOptions engine = {};
};

/// Feeds one bolt, on the calling thread and with a clock of its own, and shows what it emits, acks
/// and fails. It runs in the real engine, between a spout that feeds it and bolts that listen to its
/// default stream and to the other streams that are named.
///
///   bora::testing::BoltTester t{[] { return TemperatureBolt{}; }, &TemperatureBolt::alerts};
///   auto fed = t.feed({.temperature = 9.5});
///   CHECK(fed.acked());
///   CHECK(t.emitted(&TemperatureBolt::alerts) == std::vector<Alert>{...});
///   t.advance(3s);  // rings timers
///
/// Fails: the constructor throws std::runtime_error when the bolt's constructor throws or its open()
/// fails. Threads: single-owner; functions that other threads post run with the next call.
template <class B>
class BoltTester {
 public:
  using In = typename B::Input;

  template <class Factory, class... Members>
  explicit BoltTester(Factory factory, Members... streams)
      : BoltTester(BoltTesterOptions{}, std::move(factory), streams...) {}
  template <class Factory, class... Members>
  BoltTester(BoltTesterOptions options, Factory factory, Members... streams) {
    TopologyBuilder builder{"test"};
    auto probe =
        builder.spout("probe", [state = state_] { return internal::ProbeSpout<In>{state}; },
                      {.max_in_flight = options.max_in_flight});
    const auto names = output_names(factory);
    auto bolt = builder.bolt("bolt", std::move(factory)).shuffle(probe);
    if constexpr (requires { typename B::DefaultTuple; }) capture(builder, bolt.default_stream());
    (capture(builder, bolt[streams]), ...);
    for (const std::string& name : names)
      if (captured_.find(name) == captured_.end()) builder.discard(Stream<int>{"bolt", name});
    auto built = builder.build();
    if (!built) throw std::runtime_error(built.error().message);
    auto opened = SteppedTopology::open(std::move(built).value(), clock_, options.engine);
    if (!opened) throw std::runtime_error(opened.error().message);
    topology_ = std::move(opened).value();
    topology_->run();
  }

  /// Feeds tuples, and works until nothing is left to do. Several come without a pause between them:
  /// on_idle() is called after the last.
  Fed feed(In tuple) { return feed_all({std::move(tuple)}).front(); }
  std::vector<Fed> feed_all(std::vector<In> tuples) {
    std::vector<Fed> fed;
    for (In& tuple : tuples) {
      fed.emplace_back(state_->fed, state_->fed.size());
      state_->waiting.push_back({std::move(tuple), state_->fed.size()});
      state_->fed.emplace_back();
    }
    wake_and_run();
    return fed;
  }
  /// Feeds a tuple of which nobody learns what became.
  void feed_untracked(In tuple) {
    state_->waiting.push_back({std::move(tuple), std::nullopt});
    wake_and_run();
  }
  /// Lets time pass: timers ring, each at its time.
  void advance(std::chrono::nanoseconds by) { topology_->advance(by); }
  /// Does what became possible, such as functions that another thread posted.
  void run() { topology_->run(); }
  /// Begins the drain of the stop protocol.
  void drain() { topology_->drain(); }
  /// Closes the bolt. Nothing can be fed afterwards.
  void close() { topology_->close(); }

  /// What came out of the default stream so far, or of a stream that the constructor named.
  [[nodiscard]] const auto& emitted() const {
    return captured<typename B::DefaultTuple>("default").tuples;
  }
  template <class T, class Owner>
  [[nodiscard]] const std::vector<T>& emitted(Output<T> Owner::*stream) {
    return captured<T>((bolt().*stream).name()).tuples;
  }

  /// From now on what the bolt emits is not acked by itself, but by ack_emitted(), or failed.
  void hold_emitted() {
    for (auto& [name, captured] : captured_)
      captured->holds = true;
  }
  /// Acks or fails the tuple at `index` of a stream. Requires: it was emitted after hold_emitted().
  template <class T, class Owner>
  void ack_emitted(Output<T> Owner::*stream, std::size_t index) {
    std::move(captured<T>((bolt().*stream).name()).tokens.at(index)).ack();
    topology_->run();
  }
  template <class T, class Owner>
  void fail_emitted(Output<T> Owner::*stream, std::size_t index, FailureKind kind,
                    std::string reason) {
    std::move(captured<T>((bolt().*stream).name()).tokens.at(index)).fail(kind, std::move(reason));
    topology_->run();
  }
  /// Acks all that is held.
  void ack_emitted() {
    for (auto& [name, captured] : captured_)
      for (AckToken& token : captured->tokens)
        std::move(token).ack();
    topology_->run();
  }

  /// What the bolt reported or threw, as the control plane shows it: the last ten texts, oldest first.
  [[nodiscard]] std::vector<std::string> errors() const {
    std::vector<std::string> texts;
    for (const ComponentErrors& component : topology_->metrics().errors)
      if (component.component == "bolt")
        for (const ErrorEntry& entry : component.last)
          texts.push_back(entry.text);
    return texts;
  }
  [[nodiscard]] B& bolt() { return dynamic_cast<B&>(topology_->component("bolt")); }
  [[nodiscard]] ManualClock& clock() noexcept { return clock_; }

 private:
  template <class Factory>
  static std::vector<std::string> output_names(Factory& factory) {
    std::vector<std::string> names;
    const auto instance = bora::internal::make_component(factory);
    for (const OutputBase* output : instance->outputs())
      names.push_back(output->name());
    return names;
  }
  template <class T>
  void capture(TopologyBuilder& builder, const Stream<T>& stream) {
    auto into = std::make_shared<internal::Captured<T>>();
    if (!captured_.emplace(stream.name, into).second) return;  // named twice
    builder.bolt("listener to " + stream.name, [into] { return internal::CaptureBolt<T>{into}; })
        .shuffle(stream);
  }
  template <class T>
  [[nodiscard]] internal::Captured<T>& captured(const std::string& stream) const {
    const auto at = captured_.find(stream);
    BORA_CHECK(at != captured_.end(),
               "name the stream '" + stream + "' in the tester's constructor");
    return static_cast<internal::Captured<T>&>(*at->second);
  }
  void wake_and_run() {
    state_->wake();
    topology_->run();
  }

  ManualClock clock_;
  std::shared_ptr<internal::ProbeState<In>> state_ = std::make_shared<internal::ProbeState<In>>();
  std::map<std::string, std::shared_ptr<internal::CapturedBase>>
      captured_;  // each with its listener
  std::unique_ptr<SteppedTopology> topology_;
};

template <class Factory, class... Members>
BoltTester(Factory, Members...)
    -> BoltTester<typename bora::internal::MadeBy<std::invoke_result_t<Factory&>>::Component>;
template <class Factory, class... Members>
BoltTester(BoltTesterOptions, Factory, Members...)
    -> BoltTester<typename bora::internal::MadeBy<std::invoke_result_t<Factory&>>::Component>;

}  // namespace bora::testing
