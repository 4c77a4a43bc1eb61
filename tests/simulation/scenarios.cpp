#include "tests/simulation/scenario.hpp"

namespace bora::simulation {

const std::vector<Scenario>& scenarios() {
  static const std::vector<Scenario> all{
      {"graph", "a synthetic graph with one of everything", run_graph},
  };
  return all;
}

}  // namespace bora::simulation
