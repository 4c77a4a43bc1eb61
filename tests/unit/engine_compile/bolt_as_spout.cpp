#include "parts.hpp"

void wire() {
  bora::TopologyBuilder topology{"wrong"};
  (void)topology.spout("numbers", [] { return TakesNumbers{}; });
}
