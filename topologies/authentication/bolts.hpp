#pragma once

#include <array>
#include <chrono>
#include <functional>
#include <optional>
#include <unordered_map>
#include <vector>

#include "bora/bolt.hpp"
#include "bora/coalesced_post.hpp"
#include "spouts/consumed_record.hpp"
#include "topologies/authentication/credential_desk.hpp"
#include "topologies/authentication/messages.hpp"
#include "topologies/coldchain/registry_view.hpp"

namespace bora::authentication {

/// What the checking bolts work on. Called when they open, not before.
struct CheckWorld {
  std::function<const coldchain::RegistryView&()> view;
  std::function<SecretVerifier&()> verifier;
  MemoKey memo_key{};
};

/// Reads a report and hands on its two claims. What is no report, or measured in the future, becomes a
/// dead letter (Permanent). Takes nothing until the registry was read (Unavailable): the source waits.
class ParseBolt final : public Bolt<ConsumedRecord> {
 public:
  explicit ParseBolt(std::function<const coldchain::RegistryView&()> view)
      : find_view_(std::move(view)) {}
  Output<DeviceClaim> devices{this, "devices"};
  Output<GatewayClaim> gateways{this, "gateways"};

  Status open(Context& context) override;
  void execute(const ConsumedRecord& in) override;

 private:
  std::function<const coldchain::RegistryView&()> find_view_;
  const coldchain::RegistryView* view_ = nullptr;
  Attempt next_attempt_ = 0;
};

/// Says of each claim whether the registry vouches for it. A secret that has to be checked is held,
/// with its tuple, until the verifier is done; meanwhile others go by. Never fails a tuple: the other
/// half waits for this one.
///
/// `Claim` is DeviceClaim or GatewayClaim.
template <class Claim>
class CredentialBolt final : public InPlaceBolt<Claim, Verdict> {
 public:
  CredentialBolt(CheckWorld world, MemoOptions options)
      : world_(std::move(world)), options_(options) {}

  Status open(Context& context) override;
  /// Wipes the claim's secret.
  void execute(Claim& in) override;
  void on_drain() override;
  void close() override;
  [[nodiscard]] std::vector<Gauge> gauges() const override;

 private:
  [[nodiscard]] std::optional<Finding> judge(const Claim& in);
  void take_finished();
  void answer(WaitingVerdict waiting, Finding finding);

  const CheckWorld world_;
  const MemoOptions options_;
  const coldchain::RegistryView* view_ = nullptr;
  const Clock* clock_ = nullptr;
  DeskStats stats_;
  std::optional<CredentialDesk> desk_;
  CoalescedPost finished_;
};

extern template class CredentialBolt<DeviceClaim>;
extern template class CredentialBolt<GatewayClaim>;

/// Brings the two halves of a report together: accepted when both said so, else rejected with the first
/// fault in the order of Finding.
class JoinBolt final : public Bolt<Verdict, Outcome> {
 public:
  /// A half whose other half did not come for so long is let go of. It has to be longer than the
  /// topology's message timeout, after which nobody waits for it.
  explicit JoinBolt(std::chrono::nanoseconds half_timeout) : half_timeout_(half_timeout) {}

  Status open(Context& context) override;
  void execute(const Verdict& in) override;
  /// Outcomes by finding.
  [[nodiscard]] std::vector<Gauge> gauges() const override;

 private:
  struct Half {
    Verdict verdict;
    AckToken token;
    Instant since{};
  };
  void complete(const Verdict& in, Half half);
  void forget_lost_halves();

  const std::chrono::nanoseconds half_timeout_;
  const Clock* clock_ = nullptr;
  std::unordered_map<Attempt, Half> halves_;
  std::array<OwnedCount, kFindings> counts_;
};

}  // namespace bora::authentication
