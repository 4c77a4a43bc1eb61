#pragma once

#include <utility>

#include "bora/internal/window_by_arrival.hpp"
#include "bora/internal/window_by_event_time.hpp"
#include "bora/internal/window_contents.hpp"
#include "bora/window_options.hpp"
#include "bora/window_view.hpp"

namespace bora {

/// A bolt over windows by count, or by the time at which inputs arrive; tumbling or sliding; per key,
/// or per task.
///
///   class Medians final : public bora::WindowBolt<Reading, Median, std::string> {
///    public:
///     Medians() : WindowBolt({.size = 3s, .key = &Reading::device_id}) {}
///     void on_window(const bora::Window<Reading, std::string>& window) override {
///       out.emit({window.key(), median_of(window.inputs())});
///     }
///   };
///
/// Windows by count: the k-th of a key holds its inputs [k * slide, k * slide + size) and is shown when
/// the last of them comes. By duration: a window begins at every multiple of `slide` of the wall clock,
/// as it was when the bolt was opened, and is shown when its time is over. Empty ones are not shown.
///
/// It keeps its inputs until then: see FoldWindowBolt for sums, means and the like.
///
/// What is emitted in on_window() is anchored to one token for the whole window. An input is acked when
/// the last window that holds it is done, with everything that was emitted for it.
/// Fails: see WindowBoltBase. A window that never fills holds its inputs for good.
template <class In, class Out = void, class Key = NoKey>
class WindowBolt : public internal::WindowsByArrival<internal::KeepingBolt<In, Out, Key>> {
 public:
  /// Fails: options that make no sense throw std::invalid_argument, which build() reports.
  explicit WindowBolt(WindowOptions<In, Key> options)
      : internal::WindowsByArrival<internal::KeepingBolt<In, Out, Key>>(std::move(options)) {}
};

/// A bolt over windows by the time that inputs carry; tumbling or sliding; per key, or per task.
///
///   Medians() : EventWindowBolt({.size = 1min, .time = &Reading::time, .key = &Reading::device_id,
///                                .watermark = {.max_out_of_order = 5s}}) {}
///
/// A window is shown when the watermark passes its end: see Watermark for disorder, idle partitions and
/// wrong clocks. Inputs that no open window takes, because they are late or their time is not believed,
/// go to the stream `late`, unchanged, and are acked once its consumers have: read it or discard it.
/// An input that failed and is replayed is late, too, when its window closed meanwhile.
/// Acks and anchors: as WindowBolt.
template <class In, class Out = void, class Key = NoKey>
class EventWindowBolt : public internal::WindowsByEventTime<internal::KeepingBolt<In, Out, Key>> {
 public:
  /// Fails: options that make no sense throw std::invalid_argument, which build() reports.
  explicit EventWindowBolt(EventWindowOptions<In, Key> options)
      : internal::WindowsByEventTime<internal::KeepingBolt<In, Out, Key>>(std::move(options)) {}
};

/// As WindowBolt, for windows whose inputs can be folded into a value one by one: it holds an `Acc` for
/// each open window of a key, and of each input four bytes, its token.
///
///   struct Sum { double celsius = 0; };
///   class Means final : public bora::FoldWindowBolt<Reading, Sum, Mean, std::string> {
///    public:
///     Means() : FoldWindowBolt({.size = 3s, .key = &Reading::device_id}) {}
///     void fold(Sum& sum, const Reading& in) override { sum.celsius += in.celsius; }
///     void on_window(const bora::FoldedWindow<Sum, std::string>& window) override {
///       out.emit({window.key(), window.value().celsius / double(window.count())});
///     }
///   };
///
/// fold() is called for each input as it arrives, once for each window that holds it: with sliding
/// windows size / slide times. The value is Acc{} at first. What fold() throws fails that input alone:
/// let it throw before it changes the value.
/// All else is as with WindowBolt: when windows close, acks, anchors, failures, limits.
template <class In, class Acc, class Out = void, class Key = NoKey>
class FoldWindowBolt : public internal::WindowsByArrival<internal::FoldingBolt<In, Acc, Out, Key>> {
 public:
  /// Fails: options that make no sense throw std::invalid_argument, which build() reports.
  explicit FoldWindowBolt(WindowOptions<In, Key> options)
      : internal::WindowsByArrival<internal::FoldingBolt<In, Acc, Out, Key>>(std::move(options)) {}
};

/// As EventWindowBolt, and folds: see FoldWindowBolt. fold() sees inputs as they arrive, not by time.
template <class In, class Acc, class Out = void, class Key = NoKey>
class EventFoldWindowBolt
    : public internal::WindowsByEventTime<internal::FoldingBolt<In, Acc, Out, Key>> {
 public:
  /// Fails: options that make no sense throw std::invalid_argument, which build() reports.
  explicit EventFoldWindowBolt(EventWindowOptions<In, Key> options)
      : internal::WindowsByEventTime<internal::FoldingBolt<In, Acc, Out, Key>>(std::move(options)) {
  }
};

}  // namespace bora
