#pragma once

#include "bora/bolt.hpp"

namespace bora::internal {

/// A bolt that moves its tuples out, to keep them, and passes none of them on in place.
template <class In, class Out = void>
class TakingBolt : public BoltBase, public OutputsOf<Out>::Copying {
 public:
  using Input = In;
  static constexpr bool kMutates = true;

  TakingBolt() : OutputsOf<Out>::Copying(this) {}
  virtual void execute(In& in) = 0;
};

}  // namespace bora::internal
