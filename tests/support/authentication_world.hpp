#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <utility>

#include "topologies/authentication/secret_verifier.hpp"
#include "topologies/authentication/topology.hpp"
#include "topologies/coldchain/codec.hpp"
#include "topologies/coldchain/registry_view.hpp"

namespace bora::authentication::testing {

constexpr std::int64_t kMeasuredMillis = 1'699'999'999'000;  // a second before ManualClock begins

/// Compares with hashes that are no secret at all, when it is told to.
/// Threads: single-owner.
class FakeVerifier final : public SecretVerifier {
 public:
  enum class Answers : std::uint8_t { kAtOnce, kWhenAsked };
  explicit FakeVerifier(Answers answers = Answers::kAtOnce) : answers_(answers) {}

  [[nodiscard]] static std::string hash_of(std::string_view secret) {
    return "fake:" + std::string(secret);
  }
  [[nodiscard]] bool submit(CheckLane lane, SecretCheck check) override {
    auto& waiting = lane == CheckLane::kTrusted ? trusted_ : suspects_;
    if (lane == CheckLane::kSuspect && waiting.size() >= max_suspects) return false;
    waiting.push_back(std::move(check));
    if (answers_ == Answers::kAtOnce) static_cast<void>(answer_one());
    return true;
  }
  /// False when nothing waits.
  bool answer_one() {
    auto& lane = trusted_.empty() ? suspects_ : trusted_;
    if (lane.empty()) return false;
    const SecretCheck check = std::move(lane.front());
    lane.pop_front();
    ++checked;
    check.done(check.hash == hash_of(check.secret.reveal()));
    return true;
  }
  [[nodiscard]] std::size_t trusted() const { return trusted_.size(); }
  [[nodiscard]] std::size_t suspects() const { return suspects_.size(); }

  std::size_t max_suspects = 256;
  std::uint64_t checked = 0;

 private:
  const Answers answers_;
  std::deque<SecretCheck> trusted_;
  std::deque<SecretCheck> suspects_;
};

[[nodiscard]] inline std::uint64_t device_secret(std::uint64_t id) {
  return 64'089'519'511'846'157ULL + id;
}
/// 40 upper-case hex digits.
[[nodiscard]] inline std::string gateway_token(std::uint64_t id) {
  std::string token = std::to_string(id);
  return std::string(40 - token.size(), 'B') + token;
}

[[nodiscard]] inline coldchain::DeviceEntry device_entry(
    std::uint64_t id, coldchain::State state = coldchain::State::kActive) {
  return {
      coldchain::DeviceId{id}, FakeVerifier::hash_of(std::to_string(device_secret(id))), state, {}};
}
[[nodiscard]] inline coldchain::GatewayEntry gateway_entry(std::uint64_t id) {
  return {coldchain::GatewayId{id}, FakeVerifier::hash_of(gateway_token(id)), {}};
}

/// A report that everybody vouches for.
[[nodiscard]] inline coldchain::Report report_of(std::uint64_t device, std::uint64_t gateway) {
  return {.device_id = coldchain::DeviceId{device},
          .gateway_id = coldchain::GatewayId{gateway},
          .temperature = 4.5,
          .time = from_millis(kMeasuredMillis),
          .battery = 75,
          .device_secret = coldchain::DeviceSecret{device_secret(device)},
          .gateway_secret = coldchain::GatewaySecret{gateway_token(gateway)}};
}
[[nodiscard]] inline Record record_of(const coldchain::Report& report) {
  Record record;
  record.key = coldchain::record_key(report.device_id);
  coldchain::write_report(report, record.value);
  record.timestamp = from_millis(kMeasuredMillis);
  return record;
}
[[nodiscard]] inline ConsumedRecord consumed(Record record) {
  return {{.partition = 0, .offset = 0, .epoch = 1},
          std::make_shared<const Record>(std::move(record))};
}

[[nodiscard]] inline CheckWorld check_world(const coldchain::RegistryView& view,
                                            SecretVerifier& verifier) {
  return {.view = [&view]() -> const coldchain::RegistryView& { return view; },
          .verifier = [&verifier]() -> SecretVerifier& { return verifier; },
          .memo_key = {1, 2}};
}

}  // namespace bora::authentication::testing
