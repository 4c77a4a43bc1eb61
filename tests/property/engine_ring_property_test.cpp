#include <cstdint>
#include <deque>
#include <rapidcheck.h>
#include <vector>

#include <catch2/catch.hpp>

#include "engine/queue/spsc_ring.hpp"

using bora::internal::SpscRing;

TEST_CASE("a ring behaves as a bounded std::deque in any sequence of pushes, pops and looks") {
  CHECK(rc::check([] {
    const auto wanted = *rc::gen::inRange<std::size_t>(1, 20);
    SpscRing<int> ring{wanted};
    std::deque<int> model;
    int next = 0;
    for (const int what : *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 5))) {
      if (what < 3) {  // pushes are more frequent, so that it fills
        const bool fits = model.size() < ring.capacity();
        RC_ASSERT(ring.try_push(next) == fits);
        if (fits) model.push_back(next);
        ++next;
      } else {
        int value = -1;
        RC_ASSERT(ring.try_pop(value) == !model.empty());
        if (model.empty()) continue;
        RC_ASSERT(value == model.front());
        model.pop_front();
      }
      RC_ASSERT(ring.size() == model.size());
      RC_ASSERT(ring.is_empty() == model.empty());
      std::deque<int> seen;
      ring.peek([&](int v) { seen.push_back(v); });
      RC_ASSERT(seen == model);
    }
    RC_CLASSIFY(static_cast<std::size_t>(next) > 2 * ring.capacity(), "wraps");
  }));
}
