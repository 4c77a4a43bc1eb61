#pragma once

#include "bora/ack_token.hpp"
#include "bora/component.hpp"
#include "bora/internal/task.hpp"
#include "bora/output.hpp"

namespace bora {

/// What bolts have in common, whatever they take.
class BoltBase : public Component {
 public:
  /// Called on the task's thread when its inputs are empty, before it sleeps: the moment to write a
  /// part-filled batch. Must not wait for more input.
  virtual void on_idle() {}
  /// Called on the task's thread, possibly often, while the topology drains: let go of every held
  /// token soon. Batches write what they have; windows that cannot close give their inputs back.
  virtual void on_drain() {}

  /// For the engine.
  void attach(internal::TaskBase& task) noexcept { task_ = &task; }

 protected:
  /// Keeps the tuple being executed: it is acked when the token is, not when execute() returns.
  [[nodiscard]] AckToken hold();
  /// The same, cheaper, for a bolt that neither emits under this tuple nor holds it again in this
  /// execute().
  [[nodiscard]] AckToken take();

 private:
  internal::TaskBase* task_ = nullptr;
};

namespace internal {
template <class Stream>
class DefaultOutput {
 public:
  using DefaultTuple = typename Stream::Tuple;
  Stream out;

 protected:
  explicit DefaultOutput(Component* owner) : out(owner, "default") {}
};
class NoDefaultOutput {
 protected:
  explicit NoDefaultOutput(Component*) {}
};
template <class Out>
struct OutputsOf {
  using Copying = DefaultOutput<Output<Out>>;
  using InPlace = DefaultOutput<InPlaceOutput<Out>>;
};
template <>
struct OutputsOf<void> {
  using Copying = NoDefaultOutput;
  using InPlace = NoDefaultOutput;
};
}  // namespace internal

/// A bolt: takes tuples of one stream type, works, emits. `Out` adds an output stream `out` named
/// "default"; more are members of the derived class (Output<T>).
///
///   class Fahrenheit final : public bora::Bolt<Celsius, double> {
///    public:
///     void execute(const Celsius& in) override { out.emit(in.degrees * 1.8 + 32); }
///   };
///
/// A bolt that reads several streams of different types takes a std::variant of them.
/// Threads: one task, one thread. execute() may wait (its neighbours go on), but holds up its own input.
/// Fails: what execute() throws fails that tuple alone; Permanent and Unavailable say more.
template <class In, class Out = void>
class Bolt : public BoltBase, public internal::OutputsOf<Out>::Copying {
 public:
  using Input = In;
  static constexpr bool kMutates = false;

  Bolt() : internal::OutputsOf<Out>::Copying(this) {}
  /// Returning acks the tuple, once everything emitted under it is acked too; throwing fails it.
  virtual void execute(const In& in) = 0;
};

/// A bolt that may change its tuple and pass it on with `emit(std::move(in))`: with one consumer task
/// and the same type, the tuple stays where it is in memory.
template <class In, class Out = In>
class InPlaceBolt : public BoltBase, public internal::OutputsOf<Out>::InPlace {
 public:
  using Input = In;
  static constexpr bool kMutates = true;

  InPlaceBolt() : internal::OutputsOf<Out>::InPlace(this) {}
  virtual void execute(In& in) = 0;
};

}  // namespace bora
