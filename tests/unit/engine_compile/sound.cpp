// The control: all that the other files get wrong, right. If this does not compile, they prove nothing.
#include "unit/engine_compile/parts.hpp"

bora::Result<bora::Topology> sound() {
  bora::TopologyBuilder topology{"sound"};
  auto numbers = topology.spout("numbers", [] { return Numbers{}; });
  auto alerts = topology.bolt("alerts", [] { return HasAlerts{}; }).shuffle(numbers);
  topology.bolt("texts", [] { return TakesTexts{}; }).shuffle(alerts[&HasAlerts::alerts]);
  topology.bolt("keyed", [] { return TakesNumbers{}; }).fields(numbers, [](int n) { return n; });
  topology.bolt("custom", [] { return TakesNumbers{}; })
      .custom(numbers, [](const int&, bora::TaskChoice& choice) { choice.send_to(0); });
  return topology.build();
}

void ack(bora::AckToken token) { std::move(token).ack(); }
