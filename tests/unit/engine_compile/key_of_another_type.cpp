#include "unit/engine_compile/parts.hpp"

struct Reading {
  int device_id = 0;
};

void wire() {
  bora::TopologyBuilder topology{"wrong"};
  auto numbers = topology.spout("numbers", [] { return Numbers{}; });
  topology.bolt("keyed", [] { return TakesNumbers{}; }).fields(numbers, &Reading::device_id);
}
