#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <rapidcheck.h>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "bora/testing/bolt_tester.hpp"
#include "support/window_bolts.hpp"

// Windows of every kind against a model that keeps each window as a list of its own and recomputes
// everything from what was fed: every input is in exactly the windows it should be in, and is acked or
// failed exactly once, when the last of them was shown.

namespace {

using bora::Count;
using bora::FailureKind;
using bora::Instant;
using bora::to_millis;
using bora::WallTime;
using bora::testing::BoltTester;
using bora::testing::Fed;
using bora::testing::ManualClock;
using bora::testing::Sample;
using bora::testing::ShowingByEvent;
using bora::testing::Shown;
using std::chrono::milliseconds;

struct Grid {
  std::int64_t size = 1;
  std::int64_t slide = 1;
  /// Starts of the windows that hold a position, by looking at every candidate.
  [[nodiscard]] std::vector<std::int64_t> starts(std::int64_t position) const {
    std::vector<std::int64_t> found;
    const std::int64_t near = position / slide * slide;
    for (std::int64_t start = near - size - slide; start <= near + slide; ++start)
      if (start % slide == 0 && start <= position && position < start + size)
        found.push_back(start);
    return found;
  }
};

struct ModelInput {
  int windows_left = 0;  // open windows that hold it
  bool failed = false;   // a window that held it threw
};

struct ModelWindow {
  std::vector<std::pair<std::int64_t, int>> content;  // position, value
};

/// Whether showing this content throws.
bool throws(const std::vector<int>& values, int poison) {
  return std::find(values.begin(), values.end(), poison) != values.end();
}

class Model {
 public:
  Model(Grid grid, int poison) : grid_(grid), poison_(poison) {}

  std::map<std::string, std::vector<std::vector<int>>> shown;  // by key, in order
  std::vector<ModelInput> inputs;                              // by value

  /// Adds an input to those of its windows that end after `limit`.
  void add(const std::string& key, std::int64_t position, int value, std::int64_t limit) {
    for (const std::int64_t start : grid_.starts(position)) {
      if (start < first_start || start + grid_.size <= limit) continue;
      open_[{start + grid_.size, key}].content.emplace_back(position, value);
      ++inputs[static_cast<std::size_t>(value)].windows_left;
    }
  }
  void close_until(std::int64_t limit, std::optional<std::string> only = {}) {
    for (auto at = open_.begin(); at != open_.end();) {
      if (at->first.first > limit || (only && at->first.second != *only)) {
        ++at;
        continue;
      }
      show(at->first.second, at->second);
      at = open_.erase(at);
    }
  }
  std::int64_t first_start = std::numeric_limits<std::int64_t>::min();

 private:
  void show(const std::string& key, ModelWindow& window) {
    std::stable_sort(window.content.begin(), window.content.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    std::vector<int> values;
    for (const auto& [position, value] : window.content)
      values.push_back(value);
    for (const int value : values) {
      ModelInput& input = inputs[static_cast<std::size_t>(value)];
      --input.windows_left;
      input.failed = input.failed || throws(values, poison_);
    }
    shown[key].push_back(std::move(values));
  }

  Grid grid_;
  int poison_;
  std::map<std::pair<std::int64_t, std::string>, ModelWindow> open_;  // by end, key
};

/// The bolt under test next to the model.
template <class Tester>
class Pair {
 public:
  Pair(Tester& t, Grid grid, int poison) : tester(t), model(grid, poison) {
    tester.bolt().on_show = [poison](const auto& window) {
      for (const Sample& sample : window)
        if (sample.value == poison) throw std::runtime_error("poison");
    };
  }
  /// The next input's value: its place among all inputs.
  [[nodiscard]] int next_value() const { return static_cast<int>(fed.size()); }
  void feed(Sample sample) { fed.push_back(tester.feed(std::move(sample))); }

  void check() {
    std::map<std::string, std::vector<std::vector<int>>> shown;
    for (const Shown& window : tester.emitted())
      shown[window.key].push_back(window.values);
    RC_ASSERT(shown == model.shown);
    std::size_t held = 0;
    for (std::size_t i = 0; i < fed.size(); ++i) {
      const ModelInput& input = model.inputs[i];
      held += input.windows_left > 0 ? 1 : 0;
      RC_ASSERT(fed[i].pending() == (input.windows_left > 0));
      RC_ASSERT(fed[i].failed() == (input.windows_left == 0 && input.failed));
      RC_ASSERT(fed[i].acked() == (input.windows_left == 0 && !input.failed));
    }
    RC_ASSERT(tester.bolt().counts().held == held);
  }
  /// After a drain nothing is pending; what was held is given back.
  void check_drained() {
    tester.drain();
    for (std::size_t i = 0; i < fed.size(); ++i) {
      const ModelInput& input = model.inputs[i];
      RC_ASSERT(fed[i].failed() == (input.windows_left > 0 || input.failed));
      RC_ASSERT(fed[i].acked() == !fed[i].failed());
      if (input.windows_left > 0 && !input.failed)
        RC_ASSERT(fed[i].failure().kind == FailureKind::kAbandoned);
    }
  }

  Tester& tester;
  Model model;
  std::vector<Fed> fed;
};

std::string any_key() { return std::string(1, static_cast<char>('a' + *rc::gen::inRange(0, 3))); }
int any_poison() { return *rc::gen::inRange(-20, 20); }  // below zero: nothing throws
int any_length() { return *rc::gen::inRange(1, 9); }

TEST_CASE("windows by count agree with the model") {
  CHECK(rc::check("count windows", [] {
    const Grid grid{any_length(), any_length()};
    BoltTester t{bora::testing::by_arrival({.size = Count{grid.size}, .slide = Count{grid.slide}})};
    Pair pair(t, grid, any_poison());
    pair.model.first_start = 0;
    std::map<std::string, std::int64_t> came;
    const int steps = *rc::gen::inRange(0, 80);
    for (int i = 0; i < steps; ++i) {
      const std::string key = any_key();
      pair.model.inputs.emplace_back();
      pair.model.add(key, came[key]++, pair.next_value(), 0);
      pair.model.close_until(came[key], key);
      pair.feed({key, pair.next_value()});
      pair.check();
    }
    pair.check_drained();
  }));
}

TEST_CASE("windows by arrival agree with the model") {
  CHECK(rc::check("windows over the time of arrival", [] {
    const Grid grid{10 * any_length(), 10 * any_length()};
    BoltTester t{bora::testing::by_arrival(
        {.size = milliseconds{grid.size}, .slide = milliseconds{grid.slide}})};
    Pair pair(t, grid, any_poison());
    const int steps = *rc::gen::inRange(0, 60);
    for (int i = 0; i < steps; ++i) {
      if (*rc::gen::inRange(0, 3) == 0) t.advance(milliseconds{*rc::gen::inRange(1, 50)});
      const std::int64_t now = to_millis(t.clock().wall_now());
      pair.model.close_until(now);
      if (*rc::gen::inRange(0, 4) != 0) {
        const std::string key = any_key();
        pair.model.inputs.emplace_back();
        pair.model.add(key, now, pair.next_value(), now);
        pair.feed({key, pair.next_value()});
      }
      pair.check();
    }
    pair.check_drained();
  }));
}

/// A watermark that remembers everything and computes from scratch.
class NaiveWatermark {
 public:
  explicit NaiveWatermark(bora::WatermarkOptions options) : options_(options) {}

  void observe(std::uint32_t partition, WallTime time, Instant now) {
    seen_.push_back({partition, time, now});
    look(now);
  }
  void look(Instant now) {
    if (seen_.empty()) return;
    std::map<std::uint32_t, std::pair<WallTime, Instant>> partitions;
    for (const Seen& s : seen_) {
      auto& p = partitions.try_emplace(s.partition, s.time, s.now).first->second;
      p = {std::max(p.first, s.time), s.now};
    }
    if (partitions.size() < options_.partitions && now - seen_.front().now < options_.idle_after)
      return;
    std::optional<WallTime> slowest;
    WallTime newest = WallTime::min();
    for (const auto& [id, p] : partitions) {
      newest = std::max(newest, p.first);
      if (now - p.second < options_.idle_after)
        slowest = std::min(slowest.value_or(WallTime::max()), p.first);
    }
    const WallTime reached =
        slowest.value_or(newest + std::chrono::floor<milliseconds>(now - seen_.back().now));
    current = std::max(current, reached - options_.max_out_of_order);
  }
  WallTime current{milliseconds{0}};

 private:
  struct Seen {
    std::uint32_t partition;
    WallTime time;
    Instant now;
  };
  bora::WatermarkOptions options_;
  std::vector<Seen> seen_;
};

bora::WatermarkOptions any_watermark() {
  return {.max_out_of_order = milliseconds{*rc::gen::inRange(0, 40)},
          .idle_after = milliseconds{*rc::gen::inRange(1, 100)},
          .max_ahead = milliseconds{*rc::gen::inRange(0, 200)},
          .partitions = *rc::gen::inRange<std::uint32_t>(1, 4)};
}

TEST_CASE("windows by event time agree with the model") {
  CHECK(rc::check("windows over event time", [] {
    const Grid grid{10 * any_length(), 10 * any_length()};
    const bora::WatermarkOptions options = any_watermark();
    BoltTester t{bora::testing::by_event({.size = milliseconds{grid.size},
                                          .slide = milliseconds{grid.slide},
                                          .partition = &Sample::partition,
                                          .watermark = options}),
                 &ShowingByEvent::late};
    Pair pair(t, grid, any_poison());
    NaiveWatermark watermark(options);
    std::vector<int> late;
    const int steps = *rc::gen::inRange(0, 60);
    for (int i = 0; i < steps; ++i) {
      if (*rc::gen::inRange(0, 3) == 0) t.advance(milliseconds{*rc::gen::inRange(1, 80)});
      watermark.look(t.clock().now());
      pair.model.close_until(to_millis(watermark.current));
      if (*rc::gen::inRange(0, 4) != 0) {
        Sample sample{any_key(), pair.next_value(),
                      t.clock().wall_now() + milliseconds{*rc::gen::inRange(-150, 220)},
                      *rc::gen::inRange<std::uint32_t>(0, 3)};
        pair.model.inputs.emplace_back();
        if (sample.time - t.clock().wall_now() > options.max_ahead) {
          late.push_back(sample.value);
        } else {
          watermark.observe(sample.partition, sample.time, t.clock().now());
          const std::int64_t limit = to_millis(watermark.current);
          pair.model.close_until(limit);
          const auto starts = grid.starts(to_millis(sample.time));
          if (!starts.empty() && starts.back() + grid.size <= limit) late.push_back(sample.value);
          pair.model.add(sample.key, to_millis(sample.time), sample.value, limit);
        }
        pair.feed(std::move(sample));
      }
      pair.check();
      std::vector<int> went_late;
      for (const Sample& sample : t.emitted(&ShowingByEvent::late))
        went_late.push_back(sample.value);
      RC_ASSERT(went_late == late);
    }
    pair.check_drained();
  }));
}

}  // namespace
