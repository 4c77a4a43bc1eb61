#pragma once

#include <string>
#include <utility>

#include "bora/topology.hpp"

// What the files of this folder build topologies of.
struct Numbers final : bora::Spout<int> {
  bora::Next next_batch(std::size_t) override { return bora::Next::finished(); }
};
struct TakesNumbers final : bora::Bolt<int> {
  void execute(const int&) override {}
};
struct TakesTexts final : bora::Bolt<std::string> {
  void execute(const std::string&) override {}
};
struct HasAlerts final : bora::Bolt<int> {
  bora::Output<std::string> alerts{this, "alerts"};
  void execute(const int&) override {}
};
