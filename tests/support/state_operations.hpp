#pragma once

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "bora/testing/dice.hpp"
#include "topologies/coldchain/shared_state.hpp"

namespace bora::testing {

/// Does one operation, picked by `dice`, to both states, and returns what they disagree on; empty when
/// they agree. Few devices and times, so that operations meet.
inline std::string disagreement(Dice& dice, coldchain::SharedState& model,
                                coldchain::SharedState& state) {
  using namespace coldchain;
  const auto device = [&] { return DeviceId{dice.below(4)}; };
  const auto time = [&] {
    return WallTime{std::chrono::hours{400'000} + std::chrono::minutes{20} * dice.below(200)};
  };
  const auto place = [&] {
    return ReadingPlace{static_cast<std::uint32_t>(dice.below(2)),
                        static_cast<std::int64_t>(dice.below(3))};
  };
  const auto failed = [](const Status& status) {
    return "failed: " + std::string(status.message());
  };
  const std::size_t n = dice.below(6);
  switch (dice.below(9)) {
    case 0: {
      std::vector<Sighting> heard;
      for (std::size_t i = 0; i < n; ++i) {
        // One partition for each time, as which of two equal times counts is not said.
        const WallTime at = time();
        heard.push_back({device(), at, static_cast<std::uint32_t>(to_millis(at) / 1'200'000 % 8)});
      }
      if (Status done = model.last_seen().record(heard); !done) return failed(done);
      if (Status done = state.last_seen().record(heard); !done) return failed(done);
      return {};
    }
    case 1: {
      LastSeen::Known a, b;
      const std::vector<DeviceId> devices{DeviceId{0}, DeviceId{1}, DeviceId{2}, DeviceId{3}};
      if (Status done = model.last_seen().find(devices, {}, a); !done) return failed(done);
      if (Status done = state.last_seen().find(devices, {}, b); !done) return failed(done);
      return a.last == b.last ? "" : "find: last seen";
    }
    case 2: {
      std::vector<Sighting> a, b;
      const LastSeen::Range range{time(), time()};
      if (Status done = model.last_seen().walk(range, a); !done) return failed(done);
      if (Status done = state.last_seen().walk(range, b); !done) return failed(done);
      const auto order = [](const Sighting& x, const Sighting& y) { return x.device < y.device; };
      std::sort(a.begin(), a.end(), order);
      std::sort(b.begin(), b.end(), order);
      return a == b ? "" : "walk";
    }
    case 3:
    case 4: {
      std::vector<std::string> ids;
      for (std::size_t i = 0; i < n; ++i)
        ids.push_back(std::to_string(dice.below(400)));
      std::vector<AlertClaim> claims;
      for (const std::string& id : ids) {
        const auto kind = dice.one_in(2) ? AlertKind::kTooHot : AlertKind::kLowBattery;
        // An id is of one time, as the time is part of it.
        claims.push_back(
            {DeviceId{dice.below(2)}, kind,
             WallTime{std::chrono::hours{400'000} + std::chrono::minutes{20} * std::stol(id)}, id});
      }
      std::vector<ClaimAnswer> a, b;
      if (Status done = model.alert_ledger().claim(claims, a); !done) return failed(done);
      if (Status done = state.alert_ledger().claim(claims, b); !done) return failed(done);
      return a == b ? "" : "claim";
    }
    case 5: {
      std::vector<AlertName> alerts;
      for (std::size_t i = 0; i < n; ++i)
        alerts.push_back({DeviceId{dice.below(2)}, AlertKind::kBack, time()});
      std::vector<ToldAnswer> a, b;
      if (Status done = model.alert_ledger().find_told(alerts, a); !done) return failed(done);
      if (Status done = state.alert_ledger().find_told(alerts, b); !done) return failed(done);
      if (a != b) return "find_told";
      if (Status done = model.alert_ledger().mark_told(alerts); !done) return failed(done);
      if (Status done = state.alert_ledger().mark_told(alerts); !done) return failed(done);
      return {};
    }
    case 6: {
      std::vector<Silence> silences;
      for (std::size_t i = 0; i < n; ++i) {
        silences.push_back({device(), time(), {}});
        if (dice.one_in(4)) silences.back().ended_by = place();
      }
      if (Status done = model.silent_set().begin(silences); !done) return failed(done);
      if (Status done = state.silent_set().begin(silences); !done) return failed(done);
      return {};
    }
    case 7: {
      std::vector<SilenceEnd> ends;
      for (std::size_t i = 0; i < n; ++i)
        ends.push_back({device(), time(), place()});
      std::vector<EndAnswer> a, b;
      if (Status done = model.silent_set().end(ends, a); !done) return failed(done);
      if (Status done = state.silent_set().end(ends, b); !done) return failed(done);
      return a == b ? "" : "end";
    }
    default: {
      if (dice.one_in(8)) {
        const WallTime before = time();
        if (Status done = model.silent_set().forget_ended(before); !done) return failed(done);
        if (Status done = state.silent_set().forget_ended(before); !done) return failed(done);
      }
      std::vector<std::optional<Silence>> a, b;
      const std::vector<DeviceId> devices{DeviceId{0}, DeviceId{1}, DeviceId{2}, DeviceId{3}};
      if (Status done = model.silent_set().find(devices, a); !done) return failed(done);
      if (Status done = state.silent_set().find(devices, b); !done) return failed(done);
      return a == b ? "" : "find: silences";
    }
  }
}

}  // namespace bora::testing
