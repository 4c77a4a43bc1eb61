#include "host/assembly.hpp"

namespace bora::host {

std::vector<const Topology*> Assembly::topologies() const {
  std::vector<const Topology*> found;
  for (const Part& part : parts_)
    if (const auto* topology = std::get_if<TopologyPart>(&part))
      found.push_back(&topology->topology);
  return found;
}

}  // namespace bora::host
