#pragma once

#include <functional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "bolts/shell_bolt_driver.hpp"
#include "bora/bolt.hpp"
#include "bora/output.hpp"
#include "bora/status.hpp"
#include "connectors/multilang/value.hpp"

namespace bora {

/// A bolt whose work is done by a child process, in whatever language, that speaks Storm's multilang
/// protocol; docs/multilang.md shows how to write one.
///
///   topology.bolt("reshape", [] {
///     ShellBoltOptions options;
///     options.child.process = {.command = {"python3", "reshape.py"}, .directory = "resources"};
///     options.input = {.component = "parse", .fields = {"device", "celsius"}};
///     return ShellBolt<Reading, Row>{
///         options, [](const Reading& r) { return multilang::Values{r.device, r.celsius}; },
///         {"row"}, [](const multilang::Values& v) -> Result<Row> { return row_of(v); }};
///   }).shuffle(parse);
///
/// A tuple is acked or failed when the child says so, and what the child emits is anchored as it says.
/// More streams are Output members of a derived class, declared in its constructor by declare().
///
/// The child dies, hangs, or writes what is no message: it is started again, after growing pauses. The
/// oldest tuple that it had fails as an error, which counts as an attempt; the others, and those that come
/// meanwhile, fail as Unavailable, so that their source waits and brings them again. What the child emits
/// that is no tuple of its stream fails the tuples it is anchored to for good.
///
/// Threads: one task, one thread, one child and the child's thread, which only signals.
/// Fails: open() when the child cannot be started, or is not ready in time.
template <class In, class Out = void>
class ShellBolt : public Bolt<In, Out> {
 public:
  using Values = multilang::Values;
  /// The values of a tuple. What it throws fails the tuple.
  using Encode = std::function<Values(const In&)>;
  /// A tuple of these values, or what is wrong with them.
  template <class T>
  using Decode = std::function<Result<T>(const Values&)>;

  /// A child that emits nothing, or only on streams of a derived class.
  ShellBolt(ShellBoltOptions options, Encode encode)
      : driver_(std::move(options)), encode_(std::move(encode)) {}
  /// `fields` are what the values of `out` are called.
  template <class T = Out>
  ShellBolt(ShellBoltOptions options, Encode encode, std::vector<std::string> fields,
            std::type_identity_t<Decode<T>> decode)
      : ShellBolt(std::move(options), std::move(encode)) {
    declare(this->out, std::move(fields), std::move(decode));
  }

  Status open(Context& context) override { return driver_.open(context); }
  void close() override { driver_.close(); }
  void execute(const In& in) override {
    driver_.wait_for_room();
    const Values values = encode_(in);
    driver_.send(values, this->take());
  }

  [[nodiscard]] std::vector<Gauge> gauges() const override { return driver_.gauges(); }
  /// Any thread.
  [[nodiscard]] const ShellBoltStats& stats() const noexcept { return driver_.stats(); }

 protected:
  /// Lets the child emit on `output`. Before open().
  template <class T>
  void declare(Output<T>& output, std::vector<std::string> fields,
               std::type_identity_t<Decode<T>> decode) {
    driver_.declare({output.name(), std::move(fields),
                     [&output, decode = std::move(decode)](
                         const Values& values, ShellBoltDriver::Anchors anchors) -> Status {
                       Result<T> tuple = decode(values);
                       if (!tuple) return tuple.status();
                       if (anchors.empty()) {
                         output.emit_unanchored(std::move(tuple).value());
                       } else if (anchors.size() == 1) {
                         output.emit(std::move(tuple).value(), *anchors.front());
                       } else {
                         output.emit(std::move(tuple).value(), anchors);
                       }
                       return {};
                     }});
  }

 private:
  ShellBoltDriver driver_;
  Encode encode_;
};

}  // namespace bora
