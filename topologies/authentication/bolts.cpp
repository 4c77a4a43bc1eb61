#include "topologies/authentication/bolts.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <string>
#include <utility>

#include "bora/failure.hpp"
#include "topologies/coldchain/codec.hpp"
#include "topologies/coldchain/require_accepted.hpp"

namespace bora::authentication {
namespace {

using coldchain::RegistryView;

constexpr std::chrono::seconds kSweepEvery{30};

// What differs between devices and gateways.

constexpr Finding wrong_secret(const DeviceClaim&) noexcept { return Finding::kBadDeviceToken; }
constexpr Finding wrong_secret(const GatewayClaim&) noexcept { return Finding::kBadGatewayToken; }

std::optional<Finding> fault_of(const coldchain::DeviceEntry* entry) noexcept {
  if (entry == nullptr) return Finding::kUnknownDevice;
  // Before the secret: an inactive device costs no check.
  if (entry->state != coldchain::State::kActive) return Finding::kInactiveDevice;
  return std::nullopt;
}
std::optional<Finding> fault_of(const coldchain::GatewayEntry* entry) noexcept {
  if (entry == nullptr) return Finding::kUnknownGateway;
  return std::nullopt;
}

auto entry_of(const RegistryView& view, const DeviceClaim& claim) { return view.device(claim.id); }
auto entry_of(const RegistryView& view, const GatewayClaim& claim) {
  return view.gateway(claim.id);
}

SecretText text_of(const DeviceClaim& claim) {
  char digits[20];
  const auto end = std::to_chars(digits, digits + sizeof(digits), claim.secret.reveal()).ptr;
  SecretText text{{digits, static_cast<std::size_t>(end - digits)}};
  explicit_bzero(digits, sizeof(digits));
  return text;
}
SecretText text_of(const GatewayClaim& claim) { return SecretText{claim.secret.reveal()}; }

/// Nobody has a secret of another form, so that is found out without a check.
bool can_be_right(const DeviceClaim&) noexcept { return true; }
bool can_be_right(const GatewayClaim& claim) noexcept {
  const std::string_view token = claim.secret.reveal();
  return token.size() == 40 && std::all_of(token.begin(), token.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F');
         });
}

Verdict verdict_on(const DeviceClaim& claim, Finding finding) {
  return {claim.attempt, finding, claim.id, claim.record};
}
Verdict verdict_on(const GatewayClaim& claim, Finding finding) {
  return {claim.attempt, finding, {}, {}};
}

DeviceClaim claim_of(const DeviceClaim*, const DecidedCheck& check) {
  DeviceClaim claim;
  claim.id = coldchain::DeviceId{check.id};
  std::uint64_t value = 0;
  const std::string_view text = check.secret.reveal();
  std::from_chars(text.data(), text.data() + text.size(), value);
  claim.secret = coldchain::DeviceSecret{value};
  return claim;
}
GatewayClaim claim_of(const GatewayClaim*, const DecidedCheck& check) {
  GatewayClaim claim;
  claim.id = coldchain::GatewayId{check.id};
  claim.secret = coldchain::GatewaySecret{check.secret.reveal()};
  return claim;
}

}  // namespace

Status ParseBolt::open(Context& context) {
  view_ = &find_view_();
  next_attempt_ = std::uint64_t{context.task()} << 48;
  return {};
}

void ParseBolt::execute(const ConsumedRecord& in) {
  if (!view_->is_ready()) throw Unavailable("the registry is still being read");
  auto parsed = coldchain::parse_report(in->value);
  // The record's own time stands for the time of receipt, so that a replay decides the same.
  coldchain::require_accepted(parsed, in->timestamp);
  const Attempt attempt = next_attempt_++;
  devices.emit(DeviceClaim{attempt, parsed->device_id, parsed->device_secret, in});
  gateways.emit(GatewayClaim{attempt, parsed->gateway_id, parsed->gateway_secret});
}

template <class Claim>
Status CredentialBolt<Claim>::open(Context& context) {
  view_ = &world_.view();
  clock_ = &context.clock();
  desk_.emplace(world_.memo_key, options_, world_.verifier(), stats_);
  finished_.bind(context.poster(), [this] { take_finished(); });
  desk_->on_finished(finished_.signal());
  return {};
}

template <class Claim>
void CredentialBolt<Claim>::execute(Claim& in) {
  if (const auto finding = judge(in)) this->out.emit(verdict_on(in, *finding));
  explicit_bzero(&in.secret, sizeof(in.secret));
}

/// Nothing when the claim waits for a check.
template <class Claim>
std::optional<Finding> CredentialBolt<Claim>::judge(const Claim& in) {
  const auto entry = entry_of(*view_, in);
  if (const auto fault = fault_of(entry.get())) return fault;
  if (!can_be_right(in)) return wrong_secret(in);
  SecretText secret = text_of(in);
  const Instant now = clock_->now();
  const auto id = static_cast<std::uint64_t>(in.id);
  const auto [reply, tag] = desk_->ask(id, secret.reveal(), entry->auth_hash, now);
  if (reply == CredentialDesk::Reply::kRight) return Finding::kAccepted;
  if (reply == CredentialDesk::Reply::kWrong) return wrong_secret(in);
  WaitingVerdict waiting{verdict_on(in, Finding::kAccepted), this->hold()};
  if (desk_->wait(tag, id, std::move(secret), entry->auth_hash, now, waiting) ==
      CredentialDesk::Reply::kMustWait)
    return std::nullopt;
  answer(std::move(waiting), wrong_secret(in));
  return std::nullopt;
}

template <class Claim>
void CredentialBolt<Claim>::take_finished() {
  const Instant now = clock_->now();
  for (DecidedCheck& check : desk_->take_finished(now)) {
    Claim claim = claim_of(static_cast<const Claim*>(nullptr), check);
    const auto entry = entry_of(*view_, claim);
    std::optional<Finding> finding = fault_of(entry.get());
    // The registry may have changed meanwhile: then it is another question.
    const bool is_stale = !finding && entry->auth_hash != check.auth_hash;
    if (!finding) finding = check.is_right ? Finding::kAccepted : wrong_secret(claim);
    for (WaitingVerdict& waiting : check.waiting) {
      if (!is_stale) {
        answer(std::move(waiting), *finding);
        continue;
      }
      const auto [reply, tag] = desk_->ask(check.id, check.secret.reveal(), entry->auth_hash, now);
      if (reply != CredentialDesk::Reply::kMustWait) {
        answer(std::move(waiting),
               reply == CredentialDesk::Reply::kRight ? Finding::kAccepted : wrong_secret(claim));
      } else if (desk_->wait(tag, check.id, check.secret.copy(), entry->auth_hash, now, waiting) ==
                 CredentialDesk::Reply::kWrong) {
        answer(std::move(waiting), wrong_secret(claim));
      }
    }
    explicit_bzero(&claim.secret, sizeof(claim.secret));
  }
}

template <class Claim>
void CredentialBolt<Claim>::answer(WaitingVerdict waiting, Finding finding) {
  waiting.verdict.finding = finding;
  this->out.emit(std::move(waiting.verdict), waiting.token);
  std::move(waiting.token).ack();
}

template <class Claim>
void CredentialBolt<Claim>::on_drain() {
  for (WaitingVerdict& waiting : desk_->let_go())
    answer(std::move(waiting), Finding::kLetGo);
}

template <class Claim>
void CredentialBolt<Claim>::close() {
  if (desk_) desk_->close();
  finished_.unbind();
}

template <class Claim>
std::vector<Gauge> CredentialBolt<Claim>::gauges() const {
  return stats_.gauges();
}

template class CredentialBolt<DeviceClaim>;
template class CredentialBolt<GatewayClaim>;

Status JoinBolt::open(Context& context) {
  clock_ = &context.clock();
  context.every(kSweepEvery, [this] { forget_lost_halves(); });
  return {};
}

void JoinBolt::execute(const Verdict& in) {
  const auto found = halves_.find(in.attempt);
  if (found == halves_.end()) {
    halves_.emplace(in.attempt, Half{in, take(), clock_->now()});
    return;
  }
  Half half = std::move(found->second);
  halves_.erase(found);
  complete(in, std::move(half));
}

void JoinBolt::complete(const Verdict& in, Half half) {
  const Finding finding = in.finding == Finding::kAccepted ? half.verdict.finding
                          : half.verdict.finding == Finding::kAccepted
                              ? in.finding
                              : std::min(in.finding, half.verdict.finding);
  const bool is_let_go = in.finding == Finding::kLetGo || half.verdict.finding == Finding::kLetGo;
  if (is_let_go) {
    counts_[static_cast<std::size_t>(Finding::kLetGo)].add();
    std::move(half.token).fail(FailureKind::kAbandoned, "its secrets were not checked in time");
    return;
  }
  counts_[static_cast<std::size_t>(finding)].add();
  // The half about the device is the one that has the record.
  const Verdict& device = in.record.record ? in : half.verdict;
  out.emit(Outcome{finding, device.device_id, clock_->wall_now(), device.record});
  std::move(half.token).ack();
}

/// Their other half failed: nobody waits for them any more.
void JoinBolt::forget_lost_halves() {
  const Instant now = clock_->now();
  for (auto half = halves_.begin(); half != halves_.end();) {
    if (now - half->second.since < half_timeout_) {
      ++half;
      continue;
    }
    std::move(half->second.token).fail(FailureKind::kError, "its other half never came");
    half = halves_.erase(half);
  }
}

std::vector<Gauge> JoinBolt::gauges() const {
  std::vector<Gauge> gauges;
  for (std::size_t i = 0; i < kFindings; ++i)
    gauges.push_back(counts_[i].as_counter(to_string(static_cast<Finding>(i))));
  return gauges;
}

}  // namespace bora::authentication
