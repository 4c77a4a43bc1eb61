#pragma once

// [bolt]
#include <algorithm>
#include <chrono>
#include <map>
#include <string>

#include "bora/bolt.hpp"
#include "topologies/coldchain/messages.hpp"

namespace warming {

/// What people are told of.
struct Rise {
  bora::coldchain::DeviceId device{};
  double from = 0;  ///< Degrees Celsius.
  double to = 0;
  bora::WallTime time{};  ///< Of the reading that was one too many.
  bool operator==(const Rise&) const = default;
};

/// The same at every replay, so that whoever is told can see that he was told already.
inline std::string key_of(const Rise& rise) {
  return std::to_string(to_uint(rise.device)) + "-rise-" +
         std::to_string(bora::to_millis(rise.time));
}

struct Rule {
  double degrees = 3;
  std::chrono::minutes within{10};
};

/// Emits a rise when a device is that much warmer than it was that short a time before; after that it
/// looks at what follows only. Readings may come late, or again.
class RiseBolt final : public bora::Bolt<bora::coldchain::Reading, Rise> {
 public:
  explicit RiseBolt(Rule rule) : rule_(rule) {}

  void execute(const bora::coldchain::Reading& in) override {
    auto& lately = lately_[in.device_id];
    lately.emplace(in.time, in.temperature);
    const auto newest = lately.rbegin()->first;
    lately.erase(lately.begin(), lately.lower_bound(newest - rule_.within));
    double lowest = in.temperature;
    for (const auto& [time, celsius] : lately)
      if (time < in.time) lowest = std::min(lowest, celsius);
    if (in.temperature - lowest < rule_.degrees) return;
    out.emit({in.device_id, lowest, in.temperature, in.time});
    lately.clear();
  }

 private:
  const Rule rule_;
  std::map<bora::coldchain::DeviceId, std::map<bora::WallTime, double>> lately_;
};

}  // namespace warming
// [/bolt]
