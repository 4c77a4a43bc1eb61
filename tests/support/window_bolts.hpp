#pragma once

#include <cstdint>
#include <functional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "bora/window.hpp"

// Windows whose result is their content, for tests of which input is in which window.
namespace bora::testing {

struct Sample {
  std::string key;
  int value = 0;
  WallTime time{};
  std::uint32_t partition = 0;
};

/// What one window held.
struct Shown {
  std::string key;
  std::int64_t number = 0;
  std::vector<int> values;
  bool operator==(const Shown&) const = default;
};

inline std::ostream& operator<<(std::ostream& out, const Shown& shown) {
  out << shown.key << '#' << shown.number << '[';
  for (const int value : shown.values)
    out << ' ' << value;
  return out << " ]";
}

/// Emits every window's content. `on_show` runs first and may throw. `Base` is a WindowBolt or an
/// EventWindowBolt of Sample, Shown and std::string.
template <class Base, class Options>
class Showing final : public Base {
 public:
  explicit Showing(Options options) : Base(std::move(options)) {}
  std::function<void(const Window<Sample, std::string>&)> on_show = [](const auto&) {};
  std::vector<std::pair<WallTime, WallTime>> bounds;

 private:
  void on_window(const Window<Sample, std::string>& window) override {
    Shown shown{window.key(), window.number(), {}};
    for (const Sample& sample : window)
      shown.values.push_back(sample.value);
    bounds.emplace_back(window.from(), window.to());
    this->out.emit(std::move(shown));
    on_show(window);
  }
};

/// The values that were folded, in order: any other fold is a function of these.
struct Values {
  std::vector<int> values;
};

/// The same for windows that fold: `Base` is a FoldWindowBolt or an EventFoldWindowBolt of Sample, Values,
/// Shown and std::string. `on_fold` runs first and may throw, too.
template <class Base, class Options>
class ShowingFolded final : public Base {
 public:
  explicit ShowingFolded(Options options) : Base(std::move(options)) {}
  std::function<void(const FoldedWindow<Values, std::string>&)> on_show = [](const auto&) {};
  std::function<void(const Sample&)> on_fold = [](const auto&) {};

 private:
  void fold(Values& values, const Sample& in) override {
    on_fold(in);
    values.values.push_back(in.value);
  }
  void on_window(const FoldedWindow<Values, std::string>& window) override {
    this->out.emit(Shown{window.key(), window.number(), window.value().values});
    on_show(window);
  }
};

using ArrivalOptions = WindowOptions<Sample, std::string>;
using ShowingByArrival = Showing<WindowBolt<Sample, Shown, std::string>, ArrivalOptions>;
using EventOptions = EventWindowOptions<Sample, std::string>;
using ShowingByEvent = Showing<EventWindowBolt<Sample, Shown, std::string>, EventOptions>;

using FoldingByArrival =
    ShowingFolded<FoldWindowBolt<Sample, Values, Shown, std::string>, ArrivalOptions>;
using FoldingByEvent =
    ShowingFolded<EventFoldWindowBolt<Sample, Values, Shown, std::string>, EventOptions>;

inline auto by_arrival(ArrivalOptions options) {
  if (!options.key) options.key = &Sample::key;
  return [options] { return ShowingByArrival{options}; };
}
inline auto by_event(EventOptions options) {
  if (!options.key) options.key = &Sample::key;
  if (!options.time) options.time = &Sample::time;
  return [options] { return ShowingByEvent{options}; };
}

inline auto folded_by_arrival(ArrivalOptions options) {
  if (!options.key) options.key = &Sample::key;
  return [options] { return FoldingByArrival{options}; };
}
inline auto folded_by_event(EventOptions options) {
  if (!options.key) options.key = &Sample::key;
  if (!options.time) options.time = &Sample::time;
  return [options] { return FoldingByEvent{options}; };
}

}  // namespace bora::testing
