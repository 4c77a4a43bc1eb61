#include "unit/engine_compile/parts.hpp"

void wire() {
  bora::TopologyBuilder topology{"wrong"};
  auto numbers = topology.spout("numbers", [] { return Numbers{}; });
  topology.bolt("sink", [] { return TakesNumbers{}; }).custom(numbers, [](const int& n) {
    return n;
  });
}
