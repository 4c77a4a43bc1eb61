#pragma once

#include <memory>

#include "topologies/coldchain/shared_state.hpp"

namespace bora::testing {

/// What state_conformance.cpp tests: built once with each implementation of the ports.
class StateUnderTest {
 public:
  virtual ~StateUnderTest() = default;
  /// One more way to the same state.
  [[nodiscard]] virtual std::unique_ptr<coldchain::SharedState> connect() = 0;
  /// The process ends and starts again. What connect() gave before has been destroyed.
  virtual void restart() = 0;
  /// All that was stored is lost. As above.
  virtual void lose_everything() = 0;
};

/// With nothing stored. Defined by the test program.
[[nodiscard]] std::unique_ptr<StateUnderTest> make_state_under_test();

}  // namespace bora::testing
