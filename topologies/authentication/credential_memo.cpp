#include "topologies/authentication/credential_memo.hpp"

#include <algorithm>

namespace bora::authentication {

CredentialMemo::CredentialMemo(MemoOptions options)
    : options_(options), wrong_(std::max<std::size_t>(options.max_wrong, 1)) {}

CredentialMemo::Answer CredentialMemo::ask(std::uint64_t id, const MemoTag& tag,
                                           Instant now) const {
  const auto found = ids_.find(id);
  if (found != ids_.end() && found->second.has_right && now < found->second.right_until &&
      is_same(found->second.right, tag))
    return Answer::kRight;
  const Wrong& wrong = wrong_[tag.low % wrong_.size()];
  return now < wrong.until && is_same(wrong.tag, tag) ? Answer::kWrong : Answer::kUnknown;
}

std::optional<CheckLane> CredentialMemo::admit(std::uint64_t id, std::uint64_t generation,
                                               const MemoTag& tag, Instant now) {
  Known& known = this->known(id);
  if (known.generation != generation)
    known = Known{.generation = generation, .left = options_.suspect_checks, .refilled = now};
  const bool was_right = known.has_right && is_same(known.right, tag);
  if (was_right || !known.is_suspect) {
    known.is_suspect = true;
    return CheckLane::kTrusted;
  }
  if (!take_from_budget(known, now)) return std::nullopt;
  return CheckLane::kSuspect;
}

void CredentialMemo::remember_right(std::uint64_t id, const MemoTag& tag, Instant now) {
  Known& known = this->known(id);
  known.right = tag;
  known.right_until = now + options_.keep;
  known.has_right = true;
}

void CredentialMemo::remember_wrong(const MemoTag& tag, Instant now) {
  wrong_[tag.low % wrong_.size()] = {tag, now + options_.keep};
}

CredentialMemo::Known& CredentialMemo::known(std::uint64_t id) {
  if (ids_.size() >= options_.max_ids && ids_.find(id) == ids_.end()) ids_.erase(ids_.begin());
  return ids_[id];
}

bool CredentialMemo::take_from_budget(Known& known, Instant now) const {
  if (options_.suspect_refill.count() > 0) {
    const auto refills = (now - known.refilled) / options_.suspect_refill;
    if (refills > 0) {
      known.refilled += refills * options_.suspect_refill;
      known.left = static_cast<std::uint32_t>(
          std::min<std::int64_t>(known.left + refills, options_.suspect_checks));
    }
  }
  if (known.left == 0) return false;
  --known.left;
  return true;
}

}  // namespace bora::authentication
