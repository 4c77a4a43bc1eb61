#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "bora/testing/simulation.hpp"

namespace bora::simulation {

/// A topology with its world and its oracle, as a function of a seed.
struct Scenario {
  std::string_view name;
  std::string_view what;
  testing::SimulationReport (*run)(std::uint64_t seed,
                                   std::function<void(const std::string&)> trace);
};

[[nodiscard]] const std::vector<Scenario>& scenarios();

[[nodiscard]] testing::SimulationReport run_authentication(
    std::uint64_t seed, std::function<void(const std::string&)> trace);
[[nodiscard]] testing::SimulationReport run_datapoints(
    std::uint64_t seed, std::function<void(const std::string&)> trace);
[[nodiscard]] testing::SimulationReport run_graph(std::uint64_t seed,
                                                  std::function<void(const std::string&)> trace);
[[nodiscard]] testing::SimulationReport run_alerts(std::uint64_t seed,
                                                   std::function<void(const std::string&)> trace);
[[nodiscard]] testing::SimulationReport run_raw(std::uint64_t seed,
                                                std::function<void(const std::string&)> trace);
[[nodiscard]] testing::SimulationReport run_records(std::uint64_t seed,
                                                    std::function<void(const std::string&)> trace);
[[nodiscard]] testing::SimulationReport run_thresholds(
    std::uint64_t seed, std::function<void(const std::string&)> trace);

}  // namespace bora::simulation
