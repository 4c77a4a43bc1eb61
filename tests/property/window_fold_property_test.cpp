#include <algorithm>
#include <chrono>
#include <cstddef>
#include <rapidcheck.h>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "bora/testing/bolt_tester.hpp"
#include "support/window_bolts.hpp"

// Windows that fold next to windows that keep, of the same options, fed the same: they show the same
// windows at the same steps, with the same inputs folded, and ack or fail the same inputs. Values are
// folded into a list, of which any other fold is a function.

namespace {

using bora::Count;
using bora::testing::BoltTester;
using bora::testing::Fed;
using bora::testing::Sample;
using bora::testing::Shown;
using std::chrono::milliseconds;

int any(int low, int high) { return *rc::gen::inRange(low, high); }

/// What on_window() comes to, in both bolts.
struct Fate {
  bool is_down = false;
  int poison = -1;  // a value whose windows fail

  void meet(const std::vector<int>& values) const {
    if (std::find(values.begin(), values.end(), poison) != values.end())
      throw std::runtime_error("poison");
    if (is_down) throw bora::Unavailable("down");
  }
};

template <class Kept, class Folded>
class Twins {
 public:
  Twins(Kept& kept, Folded& folded) : kept_(kept), folded_(folded) {
    fate.poison = any(-20, 30);
    kept_.bolt().on_show = [this](const auto& window) {
      std::vector<int> values;
      for (const Sample& sample : window)
        values.push_back(sample.value);
      fate.meet(values);
    };
    folded_.bolt().on_show = [this](const auto& window) {
      RC_ASSERT(window.count() == window.value().values.size());
      fate.meet(window.value().values);
    };
  }
  void feed(Sample sample) {
    sample.value = static_cast<int>(kept_fed_.size());
    kept_fed_.push_back(kept_.feed(sample));
    folded_fed_.push_back(folded_.feed(std::move(sample)));
  }
  void advance(milliseconds by) {
    kept_.advance(by);
    folded_.advance(by);
  }
  void drain() {
    kept_.drain();
    folded_.drain();
  }
  void check() {
    for (std::size_t i = 0; i < kept_fed_.size(); ++i) {
      RC_ASSERT(folded_fed_[i].pending() == kept_fed_[i].pending());
      RC_ASSERT(folded_fed_[i].acked() == kept_fed_[i].acked());
      RC_ASSERT(folded_fed_[i].failed() == kept_fed_[i].failed());
      if (kept_fed_[i].failed())
        RC_ASSERT(folded_fed_[i].failure().reason == kept_fed_[i].failure().reason);
    }
    std::vector<Shown> shown = kept_.emitted();
    for (Shown& window : shown)  // by arrival, which is how values are numbered
      std::sort(window.values.begin(), window.values.end());
    RC_ASSERT(folded_.emitted() == shown);
    const bora::WindowCounts kept = kept_.bolt().counts();
    const bora::WindowCounts folded = folded_.bolt().counts();
    RC_ASSERT(folded.windows == kept.windows);
    RC_ASSERT(folded.failed == kept.failed);
    RC_ASSERT(folded.retries == kept.retries);
    RC_ASSERT(folded.late == kept.late);
    RC_ASSERT(folded.held == kept.held);
    RC_ASSERT(folded.keys == kept.keys);
  }
  /// Feeds what `next_sample` makes, lets time pass, and the sink come and go.
  template <class NextSample>
  void live(NextSample&& next_sample) {
    for (int steps = any(0, 60); steps > 0; --steps) {
      if (any(0, 3) == 0) advance(milliseconds{any(1, 60)});
      if (any(0, 8) == 0) fate.is_down = !fate.is_down;
      feed(next_sample());
      check();
    }
    fate.is_down = fate.is_down && any(0, 2) == 0;
    advance(milliseconds{200});
    check();
    drain();
    check();
  }

  Fate fate;

 private:
  Kept& kept_;
  Folded& folded_;
  std::vector<Fed> kept_fed_;
  std::vector<Fed> folded_fed_;
};

std::string any_key() { return std::string(1, static_cast<char>('a' + any(0, 3))); }
bora::WindowLimits any_limits() {
  bora::WindowLimits limits;
  limits.retry_after = milliseconds{any(1, 50)};
  if (any(0, 3) == 0) limits.max_inputs = static_cast<std::size_t>(any(1, 12));
  if (any(0, 3) == 0) limits.max_keys = static_cast<std::size_t>(any(1, 3));
  return limits;
}

TEST_CASE("windows by count or arrival show the fold of the inputs that they would keep") {
  CHECK(rc::check("folded and kept windows, by count and by arrival", [] {
    bora::testing::ArrivalOptions options{.size = Count{any(1, 9)}, .slide = Count{any(1, 9)}};
    if (any(0, 2) == 0) {
      options.size = milliseconds{10 * any(1, 9)};
      options.slide = milliseconds{10 * any(1, 9)};
    }
    options.limits = any_limits();
    BoltTester kept{bora::testing::by_arrival(options)};
    BoltTester folded{bora::testing::folded_by_arrival(options)};
    Twins twins{kept, folded};
    twins.live([] { return Sample{any_key()}; });
  }));
}

TEST_CASE("windows by event time show the fold of the inputs that they would keep") {
  CHECK(rc::check("folded and kept windows, by event time", [] {
    bora::testing::EventOptions options{.size = milliseconds{10 * any(1, 9)},
                                        .slide = milliseconds{10 * any(1, 9)},
                                        .partition = &Sample::partition};
    options.watermark = {.max_out_of_order = milliseconds{any(0, 40)},
                         .idle_after = milliseconds{any(1, 100)},
                         .max_ahead = milliseconds{any(0, 200)},
                         .partitions = *rc::gen::inRange<std::uint32_t>(1, 4)};
    options.limits = any_limits();
    BoltTester kept{bora::testing::by_event(options), &bora::testing::ShowingByEvent::late};
    BoltTester folded{bora::testing::folded_by_event(options),
                      &bora::testing::FoldingByEvent::late};
    Twins twins{kept, folded};
    twins.live([&] {
      return Sample{any_key(), 0, kept.clock().wall_now() + milliseconds{any(-150, 220)},
                    *rc::gen::inRange<std::uint32_t>(0, 3)};
    });
    RC_ASSERT(kept.emitted(&bora::testing::ShowingByEvent::late).size() ==
              folded.emitted(&bora::testing::FoldingByEvent::late).size());
  }));
}

}  // namespace
