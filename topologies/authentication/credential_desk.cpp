#include "topologies/authentication/credential_desk.hpp"

#include <mutex>

namespace bora::authentication {

/// Where the verifier's threads leave outcomes.
struct CredentialDesk::Results {
  std::mutex mutex;  // guards what follows
  std::vector<std::pair<MemoTag, bool>> finished;
  std::function<void()> wake;

  void add(const MemoTag& tag, bool is_right) {
    const std::lock_guard lock(mutex);
    finished.emplace_back(tag, is_right);
    if (wake) wake();  // under the mutex, so that none comes after close(); it only signals
  }
};

CredentialDesk::CredentialDesk(const MemoKey& key, MemoOptions options, SecretVerifier& verifier,
                               DeskStats& stats)
    : key_(key),
      verifier_(verifier),
      memo_(options),
      results_(std::make_shared<Results>()),
      stats_(stats) {}

std::pair<CredentialDesk::Reply, MemoTag> CredentialDesk::ask(std::uint64_t id,
                                                              std::string_view secret,
                                                              std::string_view auth_hash,
                                                              Instant now) {
  const MemoTag tag = memo_tag(key_, id, secret, auth_hash);
  switch (memo_.ask(id, tag, now)) {
    case CredentialMemo::Answer::kRight: stats_.remembered.add(); return {Reply::kRight, tag};
    case CredentialMemo::Answer::kWrong: stats_.remembered.add(); return {Reply::kWrong, tag};
    case CredentialMemo::Answer::kUnknown: break;
  }
  return {Reply::kMustWait, tag};
}

CredentialDesk::Reply CredentialDesk::wait(const MemoTag& tag, std::uint64_t id, SecretText secret,
                                           const std::string& auth_hash, Instant now,
                                           WaitingVerdict& waiting) {
  const auto open = open_.find(tag);
  if (open != open_.end()) {
    open->second.waiting.push_back(std::move(waiting));
    stats_.waiting.add();
    return Reply::kMustWait;
  }
  const auto lane = memo_.admit(id, keyed_hash(key_, auth_hash).low, tag, now);
  const auto done = [results = results_, tag](bool is_right) { results->add(tag, is_right); };
  // Listed before it is submitted: a verifier may answer at once.
  DecidedCheck& check = open_[tag];
  if (!lane || !verifier_.submit(*lane, {secret.copy(), auth_hash, done})) {
    open_.erase(tag);
    stats_.over_budget.add();
    return Reply::kWrong;
  }
  stats_.checks.add();
  check.id = id;
  check.auth_hash = auth_hash;
  check.secret = std::move(secret);
  check.waiting.push_back(std::move(waiting));
  stats_.waiting.add();
  return Reply::kMustWait;
}

void CredentialDesk::on_finished(std::function<void()> wake) {
  const std::lock_guard lock(results_->mutex);
  results_->wake = std::move(wake);
}

std::vector<DecidedCheck> CredentialDesk::take_finished(Instant now) {
  std::vector<std::pair<MemoTag, bool>> finished;
  {
    const std::lock_guard lock(results_->mutex);
    finished.swap(results_->finished);
  }
  std::vector<DecidedCheck> decided;
  for (const auto& [tag, is_right] : finished) {
    const auto open = open_.find(tag);
    if (open == open_.end()) continue;  // let go of
    DecidedCheck& check = decided.emplace_back(std::move(open->second));
    open_.erase(open);
    check.is_right = is_right;
    stats_.waiting.set(stats_.waiting.get() - check.waiting.size());
    if (is_right) {
      memo_.remember_right(check.id, tag, now);
    } else {
      memo_.remember_wrong(tag, now);
    }
  }
  return decided;
}

std::vector<WaitingVerdict> CredentialDesk::let_go() {
  std::vector<WaitingVerdict> all;
  for (auto& [tag, check] : open_)
    for (WaitingVerdict& waiting : check.waiting)
      all.push_back(std::move(waiting));
  open_.clear();
  stats_.waiting.set(0);
  return all;
}

void CredentialDesk::close() { on_finished({}); }

std::vector<Gauge> DeskStats::gauges() const {
  return {remembered.as_counter("remembered"), checks.as_counter("checks"),
          over_budget.as_counter("refused_unchecked"), waiting.as_level("waiting")};
}

}  // namespace bora::authentication
