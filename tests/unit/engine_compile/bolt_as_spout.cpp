#include "unit/engine_compile/parts.hpp"

void wire() {
  bora::TopologyBuilder topology{"wrong"};
  (void)topology.spout("numbers", [] { return TakesNumbers{}; });
}
