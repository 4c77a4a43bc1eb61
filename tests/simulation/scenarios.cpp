#include "tests/simulation/scenario.hpp"

namespace bora::simulation {

const std::vector<Scenario>& scenarios() {
  static const std::vector<Scenario> all{
      {"graph", "a synthetic graph with one of everything", run_graph},
      {"records", "records from a hostile source into a store that fails", run_records},
      {"raw", "the raw topology, with an archive that fails", run_raw},
      {"authentication", "the authentication topology, with a verifier that answers late",
       run_authentication},
      {"alerts", "the alerts topology, with a state that fails and is lost", run_alerts},
      {"datapoints", "the datapoints topology, with a series store that fails", run_datapoints},
      {"thresholds", "the thresholds topology, with a ledger and a web hook that fail",
       run_thresholds},
  };
  return all;
}

}  // namespace bora::simulation
