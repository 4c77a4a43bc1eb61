#pragma once

#include <functional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "bora/output.hpp"
#include "bora/spout.hpp"
#include "bora/status.hpp"
#include "connectors/multilang/value.hpp"
#include "spouts/shell_spout_driver.hpp"

namespace bora {

/// A spout whose tuples come from a child process, in whatever language, that speaks Storm's multilang
/// protocol; docs/multilang.md shows how to write one.
///
///   topology.spout("meters", [] {
///     ShellSpoutOptions options;
///     options.child.process = {.command = {"python3", "meters.py"}, .directory = "resources"};
///     return ShellSpout<Reading>{options, {"device", "celsius"}, reading_of};
///   });
///
/// The child is asked for tuples one `next` at a time. What it emits with an id is tracked: it is told ack
/// or fail, once, under that id, and what then is its own affair. What it emits without is not.
/// More streams are Output members of a derived class, declared in its constructor by declare().
///
/// The child dies, hangs, or writes what is no message: it is started again, after growing pauses. What
/// the old one emitted goes on its way; the new one is not told what becomes of it, and has to bring again,
/// from wherever it reads, what it does not know to be done.
///
/// Threads: one task, one thread, one child and the child's thread, which only signals.
/// Fails: open() when the child cannot be started, or is not ready in time.
template <class Out>
class ShellSpout : public Spout<Out> {
 public:
  using Values = multilang::Values;
  /// A tuple of these values, or what is wrong with them.
  template <class T>
  using Decode = std::function<Result<T>(const Values&)>;

  /// `fields` are what the values of `out` are called.
  ShellSpout(ShellSpoutOptions options, std::vector<std::string> fields, Decode<Out> decode)
      : driver_(std::move(options)) {
    declare(this->out, std::move(fields), std::move(decode));
  }

  Status open(Context& context) override { return driver_.open(context); }
  void close() override { driver_.close(); }
  Next next_batch(std::size_t max) override { return driver_.next_batch(max); }
  void acked(std::span<const MessageId> ids) override { driver_.acked(ids); }
  void failed(const Failure& failure) override { driver_.failed(failure); }
  void on_activate() override { driver_.activate(); }
  void on_deactivate() override { driver_.deactivate(); }
  void on_drain() override { driver_.drain(); }
  [[nodiscard]] bool is_settled() const override { return driver_.is_settled(); }

  [[nodiscard]] std::vector<Gauge> gauges() const override { return driver_.gauges(); }
  /// Any thread.
  [[nodiscard]] const ShellSpoutStats& stats() const noexcept { return driver_.stats(); }

 protected:
  /// Lets the child emit on `output`. Before open().
  template <class T>
  void declare(Output<T>& output, std::vector<std::string> fields,
               std::type_identity_t<Decode<T>> decode) {
    driver_.declare({output.name(), std::move(fields),
                     [this, &output, decode = std::move(decode)](
                         const Values& values, const MessageId* id, std::size_t bytes) -> Status {
                       Result<T> tuple = decode(values);
                       if (!tuple) return tuple.status();
                       if (id != nullptr) {
                         this->emit_to(output, std::move(tuple).value(), *id, bytes);
                       } else {
                         output.emit(std::move(tuple).value());
                       }
                       return {};
                     }});
  }

 private:
  ShellSpoutDriver driver_;
};

}  // namespace bora
