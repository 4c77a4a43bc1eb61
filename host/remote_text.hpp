#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include <nlohmann/json.hpp>

#include "host/table.hpp"

namespace bora::host {

// Process of host/openapi.yaml as text for people. What is missing in the view is left out, so that a
// newer or older process can be shown, too.

/// What it is, whether it is ready and why not, and its components since the start.
[[nodiscard]] std::string status_text(const nlohmann::ordered_json& view, Style style);
/// The last errors, newest last.
[[nodiscard]] std::string errors_text(const nlohmann::ordered_json& view, Style style);
[[nodiscard]] std::string lag_text(const nlohmann::ordered_json& view, Style style);

/// Components by their load, from one look to the next.
/// Threads: single-owner.
class TopScreen {
 public:
  /// Takes the next look. Rates are those since the one before; the first has none.
  [[nodiscard]] std::string frame(const nlohmann::ordered_json& view, Style style);

 private:
  struct Row;
  using Key = std::pair<std::string, std::string>;  // topology and component
  struct Totals {
    double done = 0;
    double failed = 0;
    double busy_ns = 0;
    double tasks = 0;
    double in_flight = 0;
    double queued = 0;
    double p99_ns = 0;
  };

  [[nodiscard]] static std::map<Key, Totals> totals_of(const nlohmann::ordered_json& view);

  std::optional<double> last_uptime_ms_;
  std::map<Key, Totals> last_;
  std::map<Key, std::deque<double>> loads_;  // of each look, newest last
};

}  // namespace bora::host
