#include "topologies/thresholds/claim_bolt.hpp"

#include <utility>

#include "bora/check.hpp"
#include "bora/failure.hpp"
#include "bora/stable_hash.hpp"

namespace bora::thresholds {

using coldchain::AlertLedger;
using coldchain::ClaimAnswer;

namespace {

/// Names the alert and the record, and is the same at each replay. An epoch is none of it: it counts
/// who read the record, not which it is.
std::string claim_id(const Candidate& candidate) {
  return alert_id(candidate.alert) + '@' + std::to_string(candidate.position.partition) + '-' +
         std::to_string(candidate.position.offset);
}

bool is_same_record(const RecordPosition& a, const RecordPosition& b) {
  return a.partition == b.partition && a.offset == b.offset;
}

}  // namespace

std::size_t ClaimBolt::SubjectHash::operator()(const Subject& subject) const noexcept {
  return stable_hash(to_uint(subject.device) * 8 + static_cast<std::uint64_t>(subject.kind));
}

Status ClaimBolt::open(Context&) {
  state_ = connect_();
  BORA_CHECK(state_ != nullptr, "a way to the shared state gave nothing");
  return {};
}

void ClaimBolt::execute(const Candidate& in) {
  if (is_known_as_taken(in)) return taken_.add();
  waiting_.push_back({in, claim_id(in), take()});
  if (waiting_.size() >= kBatch) ask();
}

bool ClaimBolt::is_known_as_taken(const Candidate& candidate) const {
  const auto found = grants_.find({candidate.alert.device_id, candidate.alert.kind});
  if (found == grants_.end()) return false;
  const auto [granted, position] = found->second;
  // Times are not negative, so their difference fits.
  const auto apart = candidate.alert.time - granted;
  return apart < AlertLedger::kApart && apart > -AlertLedger::kApart &&
         !is_same_record(position, candidate.position);
}

void ClaimBolt::ask() {
  if (waiting_.empty()) return;
  claims_.clear();
  for (const Waiting& waiting : waiting_) {
    const coldchain::Alert& alert = waiting.candidate.alert;
    claims_.push_back({alert.device_id, alert.kind, alert.time, waiting.id});
  }
  const Status asked = state_->alert_ledger().claim(claims_, answers_);
  asked_.add();
  if (asked) {
    BORA_CHECK(answers_.size() == waiting_.size(), "a ledger that does not answer every claim");
    for (std::size_t i = 0; i < waiting_.size(); ++i)
      settle(waiting_[i], answers_[i]);
  } else {
    // Whatever it is, it is the ledger's fault and no reading's: they wait for it to be mended.
    for (Waiting& waiting : waiting_)
      std::move(waiting.token).fail(FailureKind::kUnavailable, std::string{asked.message()});
  }
  waiting_.clear();
}

void ClaimBolt::settle(Waiting& waiting, ClaimAnswer answer) {
  if (answer == ClaimAnswer::kYours) {
    granted_.add();
    remember(waiting.candidate);
    out.emit(std::move(waiting.candidate.alert), waiting.token);
  } else {
    taken_.add();
  }
  std::move(waiting.token).ack();
}

void ClaimBolt::remember(const Candidate& candidate) {
  if (grants_.size() >= kRemembered) grants_.clear();
  grants_[{candidate.alert.device_id, candidate.alert.kind}] = {candidate.alert.time,
                                                                candidate.position};
}

std::vector<Gauge> ClaimBolt::gauges() const {
  return {granted_.as_counter("granted_alerts"), taken_.as_counter("suppressed_alerts"),
          asked_.as_counter("ledger_calls")};
}

}  // namespace bora::thresholds
