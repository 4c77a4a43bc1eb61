#include "unit/engine_compile/parts.hpp"

void wire() {
  bora::TopologyBuilder topology{"wrong"};
  auto numbers = topology.spout("numbers", [] { return Numbers{}; });
  auto alerts = topology.bolt("alerts", [] { return HasAlerts{}; }).shuffle(numbers);
  topology.bolt("sink", [] { return TakesNumbers{}; }).local(alerts[&HasAlerts::alerts]);
}
