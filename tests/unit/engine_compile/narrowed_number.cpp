#include "unit/engine_compile/parts.hpp"

struct Doubles final : bora::Spout<double> {
  bora::Next next_batch(std::size_t) override { return bora::Next::finished(); }
};

void wire() {
  bora::TopologyBuilder topology{"wrong"};
  auto doubles = topology.spout("doubles", [] { return Doubles{}; });
  topology.bolt("numbers", [] { return TakesNumbers{}; }).shuffle(doubles);
}
