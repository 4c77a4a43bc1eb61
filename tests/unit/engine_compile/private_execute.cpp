#include "unit/engine_compile/parts.hpp"

class Hidden final : public bora::Bolt<int> {
  void execute(const int&) override {}
};

void wire() {
  bora::TopologyBuilder topology{"wrong"};
  auto numbers = topology.spout("numbers", [] { return Numbers{}; });
  topology.bolt("hidden", [] { return Hidden{}; }).shuffle(numbers);
}
