#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "bora/check.hpp"
#include "topologies/coldchain/shared_state.hpp"

namespace bora::test {

/// The alert ledger as its contract says it, in memory and as plain as can be.
class MemoryLedger final : public coldchain::AlertLedger {
 public:
  using Subject = std::pair<std::uint64_t, coldchain::AlertKind>;
  /// Asked before the claims are looked at; an error is the answer to all.
  std::function<Status()> before = [] { return Status{}; };
  /// Asked when they were answered; an error loses the answers.
  std::function<Status()> after = [] { return Status{}; };
  std::map<Subject, std::map<WallTime, std::string>> granted;  // time -> id
  std::set<std::tuple<std::uint64_t, coldchain::AlertKind, WallTime>> told;
  std::size_t calls = 0;

  Status claim(std::span<const coldchain::AlertClaim> claims,
               std::vector<coldchain::ClaimAnswer>& answers) override {
    ++calls;
    if (Status allowed = before(); !allowed) return allowed;
    answers.clear();
    for (const coldchain::AlertClaim& claim : claims)
      answers.push_back(answer(claim));
    return after();
  }

  Status find_told(std::span<const coldchain::AlertName> alerts,
                   std::vector<coldchain::ToldAnswer>& answers) override {
    if (Status allowed = before(); !allowed) return allowed;
    answers.clear();
    for (const coldchain::AlertName& each : alerts)
      answers.push_back(told.count({to_uint(each.device), each.kind, each.time}) != 0
                            ? coldchain::ToldAnswer::kTold
                            : coldchain::ToldAnswer::kNotTold);
    return after();
  }
  Status mark_told(std::span<const coldchain::AlertName> alerts) override {
    if (Status allowed = before(); !allowed) return allowed;
    for (const coldchain::AlertName& each : alerts)
      told.insert({to_uint(each.device), each.kind, each.time});
    return after();
  }

 private:
  coldchain::ClaimAnswer answer(const coldchain::AlertClaim& claim) {
    auto& grants = granted[{to_uint(claim.device), claim.kind}];
    bool is_taken = false;
    for (const auto& [time, id] : grants) {
      if (time - claim.time >= kApart || claim.time - time >= kApart) continue;
      if (id == claim.id) return coldchain::ClaimAnswer::kYours;
      is_taken = true;
    }
    if (is_taken) return coldchain::ClaimAnswer::kTaken;
    grants.emplace(claim.time, claim.id);
    return coldchain::ClaimAnswer::kYours;
  }
};

/// Shared state of which only the ledger is used. The ledger outlives it.
class LedgerOnly final : public coldchain::SharedState {
 public:
  explicit LedgerOnly(coldchain::AlertLedger& ledger) : ledger_(ledger) {}
  [[nodiscard]] coldchain::AlertLedger& alert_ledger() noexcept override { return ledger_; }
  [[nodiscard]] coldchain::LastSeen& last_seen() noexcept override {
    return none<coldchain::LastSeen>();
  }
  [[nodiscard]] coldchain::SilentSet& silent_set() noexcept override {
    return none<coldchain::SilentSet>();
  }

 private:
  template <class T>
  static T& none() noexcept {
    BORA_CHECK(false, "this shared state has a ledger and nothing else");
  }
  coldchain::AlertLedger& ledger_;
};

}  // namespace bora::test
