#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "topologies/coldchain/shared_state.hpp"

namespace bora::testing {

/// The shared state as the ports describe it, in the plainest words: the model of property tests, and a
/// store that can be away or lose everything. Threads: single-owner, with all that it connected.
class NaiveState {
 public:
  [[nodiscard]] std::unique_ptr<coldchain::SharedState> connect() {
    return std::make_unique<Handle>(*this);
  }
  void lose_everything() {
    last_.clear();
    silences_.clear();
    grants_.clear();
    told_.clear();
    birth_.reset();
  }

  bool is_away = false;
  /// Called before and after every operation, which fails as they do: after one that fails before,
  /// nothing has changed, after one that fails after, everything.
  std::function<Status()> before = {};
  std::function<Status()> after = {};
  [[nodiscard]] std::optional<coldchain::Sighting> last(coldchain::DeviceId device) const {
    const auto found = last_.find(device);
    return found == last_.end() ? std::nullopt : std::optional{found->second};
  }

 private:
  using DeviceId = coldchain::DeviceId;

  class Handle final : public coldchain::SharedState,
                       public coldchain::LastSeen,
                       public coldchain::AlertLedger,
                       public coldchain::SilentSet {
   public:
    explicit Handle(NaiveState& of) : of_(of) {}
    LastSeen& last_seen() noexcept override { return *this; }
    AlertLedger& alert_ledger() noexcept override { return *this; }
    SilentSet& silent_set() noexcept override { return *this; }

    Status find(std::span<const DeviceId> devices, WallTime now, Known& known) override {
      if (Status asked = of_.ask(); !asked) return asked;
      if (!of_.birth_) of_.birth_ = {std::to_string(++of_.births_), now};
      known.birth = *of_.birth_;
      known.last.clear();
      for (const DeviceId device : devices)
        known.last.push_back(look_up(of_.last_, device));
      return of_.answer();
    }
    Status record(std::span<const coldchain::Sighting> heard) override {
      if (Status asked = of_.ask(); !asked) return asked;
      for (const auto& each : heard) {
        auto& kept = of_.last_.try_emplace(each.device, each).first->second;
        if (each.time > kept.time) kept = each;
      }
      return of_.answer();
    }
    Status walk(const Range& range, std::vector<coldchain::Sighting>& found) override {
      if (Status asked = of_.ask(); !asked) return asked;
      std::vector<coldchain::Sighting> some;
      for (const auto& [device, each] : of_.last_)
        if (each.time >= range.from && each.time < range.to) some.push_back(each);
      std::sort(some.begin(), some.end(), [](const auto& a, const auto& b) {
        return std::pair{a.time, a.device} < std::pair{b.time, b.device};
      });
      found.insert(found.end(), some.begin(), some.end());
      return of_.answer();
    }
    Result<std::uint64_t> count_devices() override { return of_.last_.size(); }

    Status claim(std::span<const coldchain::AlertClaim> claims,
                 std::vector<coldchain::ClaimAnswer>& answers) override {
      answers.clear();
      if (Status asked = of_.ask(); !asked) return asked;
      for (const auto& each : claims)
        answers.push_back(of_.claim(each));
      return of_.answer();
    }

    Status find_told(std::span<const coldchain::AlertName> alerts,
                     std::vector<coldchain::ToldAnswer>& answers) override {
      answers.clear();
      if (Status asked = of_.ask(); !asked) return asked;
      for (const auto& each : alerts)
        answers.push_back(of_.told_[{each.device, each.kind}].count(each.time) != 0
                              ? coldchain::ToldAnswer::kTold
                              : coldchain::ToldAnswer::kNotTold);
      return of_.answer();
    }
    Status mark_told(std::span<const coldchain::AlertName> alerts) override {
      if (Status asked = of_.ask(); !asked) return asked;
      for (const auto& each : alerts) {
        auto& told = of_.told_[{each.device, each.kind}];
        told.insert(each.time);
        while (told.size() > kToldKept)
          told.erase(told.begin());
      }
      return of_.answer();
    }

    Status find(std::span<const DeviceId> devices,
                std::vector<std::optional<coldchain::Silence>>& found) override {
      found.clear();
      if (Status asked = of_.ask(); !asked) return asked;
      for (const DeviceId device : devices)
        found.push_back(look_up(of_.silences_, device));
      return of_.answer();
    }
    Status begin(std::span<const coldchain::Silence> silences) override {
      if (Status asked = of_.ask(); !asked) return asked;
      for (const auto& each : silences) {
        auto& kept = of_.silences_.try_emplace(each.device, each).first->second;
        if (each.since > kept.since) kept = each;
      }
      return of_.answer();
    }
    Status end(std::span<const coldchain::SilenceEnd> ends,
               std::vector<coldchain::EndAnswer>& answers) override {
      answers.clear();
      if (Status asked = of_.ask(); !asked) return asked;
      for (const auto& each : ends) {
        const coldchain::Silence ended{each.device, each.since, each.by};
        auto& kept = of_.silences_.try_emplace(each.device, ended).first->second;
        if (each.since > kept.since || (each.since == kept.since && !kept.ended_by)) kept = ended;
        answers.push_back(kept == ended ? coldchain::EndAnswer::kYours
                                        : coldchain::EndAnswer::kTaken);
      }
      return of_.answer();
    }
    Status forget_ended(WallTime before) override {
      if (Status asked = of_.ask(); !asked) return asked;
      std::erase_if(of_.silences_, [&](const auto& each) {
        return each.second.ended_by && each.second.since < before;
      });
      return of_.answer();
    }
    Result<Counts> count_silences() override {
      Counts counts;
      for (const auto& [device, each] : of_.silences_)
        ++(each.ended_by ? counts.ended : counts.silent);
      return counts;
    }

   private:
    template <class T>
    static std::optional<T> look_up(const std::map<DeviceId, T>& map, DeviceId device) {
      const auto found = map.find(device);
      return found == map.end() ? std::nullopt : std::optional<T>{found->second};
    }
    NaiveState& of_;
  };

  Status ask() const {
    if (is_away) return {ErrorKind::kUnavailable, "the state is away"};
    return before ? before() : Status{};
  }
  Status answer() const { return after ? after() : Status{}; }

  using Ledger = coldchain::AlertLedger;
  coldchain::ClaimAnswer claim(const coldchain::AlertClaim& claim) {
    auto& grants = grants_[{claim.device, claim.kind}];
    bool is_taken = false;
    for (const auto& [time, id] : grants) {
      if (time < claim.time + Ledger::kApart && claim.time < time + Ledger::kApart) {
        if (id == claim.id) return coldchain::ClaimAnswer::kYours;
        is_taken = true;
      }
      if (claim.time < time - Ledger::kKept) is_taken = true;
    }
    if (is_taken) return coldchain::ClaimAnswer::kTaken;
    grants.emplace_back(claim.time, claim.id);
    WallTime newest{};
    for (const auto& [time, id] : grants)
      newest = std::max(newest, time);
    std::erase_if(grants, [&](const auto& each) { return each.first < newest - Ledger::kKept; });
    return coldchain::ClaimAnswer::kYours;
  }

  std::map<DeviceId, coldchain::Sighting> last_;
  std::map<DeviceId, coldchain::Silence> silences_;
  std::map<std::pair<DeviceId, coldchain::AlertKind>, std::vector<std::pair<WallTime, std::string>>>
      grants_;
  std::map<std::pair<DeviceId, coldchain::AlertKind>, std::set<WallTime>> told_;
  std::optional<coldchain::StoreBirth> birth_;
  int births_ = 0;
};

}  // namespace bora::testing
