#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "bora/clock.hpp"
#include "bora/record.hpp"
#include "services/chain_plan.hpp"
#include "topologies/coldchain/messages.hpp"

namespace bora::services {

/// What an alert is about, as far as it does not depend on which reading of an hour came first:
/// "123 too_hot old". Old is what happened three hours before the test began, new what happens in it.
using Subjects = std::set<std::string>;

/// Readings of fridges, in parts, and what datapoints, thresholds and alerts must make of them. It knows
/// the rules of the specification and none of the code that implements them.
///
/// Of each four devices one is heard once, long ago; one likewise, and again in a later part; two are
/// heard in every part. All of them become too hot at some time and stay so, one in four also has an
/// empty battery.
/// Threads: single-owner.
class EffectsPlan {
 public:
  struct Options {
    std::uint64_t first_device = 1;
    std::size_t devices = 48;
    std::size_t parts = 3;
    /// In which parts, from the first on, devices are heard that are silent; at most `parts`.
    std::size_t silent_parts = 1;
  };
  /// `now` ends the old times.
  EffectsPlan(Options options, WallTime now);

  [[nodiscard]] const Cast& cast() const noexcept { return cast_; }
  [[nodiscard]] std::vector<Record> registry() const;
  /// The readings of the next part, made now; what must come of them is expected from then on.
  [[nodiscard]] std::vector<Record> next_part(WallTime now);

  [[nodiscard]] const Points& points() const noexcept { return points_; }
  [[nodiscard]] const Subjects& of_thresholds() const noexcept { return thresholds_; }
  [[nodiscard]] const Subjects& of_alerts() const noexcept { return alerts_; }
  /// What an alert with this id is about.
  [[nodiscard]] std::string subject_of(const std::string& id) const;

 private:
  enum class Role : std::uint8_t { kSilent, kReturning, kAlive, kAliveAndEmpty };
  [[nodiscard]] static Role role_of(std::size_t device) noexcept {
    return static_cast<Role>(device % 4);
  }
  void add(std::size_t device, WallTime time, double temperature);
  void expect(Subjects& of, std::size_t device, std::string_view kind, WallTime time);
  void add_silent(std::size_t device);
  void add_alive(std::size_t device, WallTime now);

  const Options options_;
  const WallTime old_;
  Cast cast_;
  std::size_t part_ = 0;  // the next
  std::vector<Record> records_;
  Points points_;
  Subjects thresholds_;
  Subjects alerts_;
};

/// What differs, in words: a subject that is missing, not expected, or of two alerts. Empty: nothing.
/// `ids`: of alerts, and how often each was found.
[[nodiscard]] std::string wrong_subjects(const EffectsPlan& plan, const Subjects& expected,
                                         const Tally& ids);

/// How many are there more than once, each time counted.
[[nodiscard]] std::uint64_t repetitions(const Tally& ids);

}  // namespace bora::services
