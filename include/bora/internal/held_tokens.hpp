#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bora/ack_token.hpp"
#include "bora/check.hpp"
#include "bora/internal/executor_context.hpp"
#include "bora/internal/tree_ref.hpp"

namespace bora::internal {

/// A joint of `trees`, each of which gives one count to it.
[[nodiscard]] TreeRef make_joint(Ledger& ledger, std::vector<TreeRef> trees);

/// Many tokens of one task, in order, at four bytes each: windows hold hundreds of thousands.
/// What is left at destruction is dropped, which fails it.
/// Threads: single-owner.
class HeldTokens {
 public:
  HeldTokens() = default;
  HeldTokens(HeldTokens&&) noexcept = default;
  HeldTokens& operator=(HeldTokens&& other) noexcept {
    if (this != &other) {
      drop_all();
      ledger_ = std::move(other.ledger_);
      holder_ = other.holder_;
      refs_ = std::exchange(other.refs_, {});
    }
    return *this;
  }
  HeldTokens(const HeldTokens&) = delete;
  HeldTokens& operator=(const HeldTokens&) = delete;
  ~HeldTokens() { drop_all(); }

  [[nodiscard]] std::size_t size() const noexcept { return refs_.size(); }

  void push_back(AckToken token) { insert(refs_.size(), std::move(token)); }
  /// Requires: every token is of the same task, or tracks nothing.
  void insert(std::size_t at, AckToken token) {
    if (token.is_tracking()) {
      BORA_CHECK(ledger_ == nullptr || ledger_ == token.ledger(),
                 "tokens of two topologies in one bag");
      if (ledger_ == nullptr) ledger_ = token.ledger();
      holder_ = token.holder();
    }
    refs_.insert(refs_.begin() + static_cast<std::ptrdiff_t>(at), kUntracked);
    refs_[at] = std::move(token).detach();  // after the insert, which may throw
  }

  /// The first `count` tokens as one; they are no longer held.
  [[nodiscard]] AckToken take_front(std::size_t count) {
    const TreeRef ref = joined(0, count);
    erase(0, count);
    return token(ref);
  }
  /// Makes `count` tokens from `first` on the one at `first`.
  void unite(std::size_t first, std::size_t count) {
    const TreeRef ref = joined(first, count);
    erase(first + 1, count - 1);
    refs_[first] = ref;
  }
  /// A token for the one at `at`, which stays held, too: it is done only when both are.
  [[nodiscard]] AckToken share(std::size_t at) const {
    if (refs_[at] != kUntracked) ExecutorContext::current()->raise(refs_[at]);
    return token(refs_[at]);
  }

  void ack_front(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i)
      token(refs_[i]).ack();
    erase(0, count);
  }
  void fail_front(std::size_t count, FailureKind kind, const std::string& reason) {
    for (std::size_t i = 0; i < count; ++i)
      token(refs_[i]).fail(kind, reason);
    erase(0, count);
  }

  /// Gives memory back when nothing is held and it is more than a little.
  void shrink() {
    if (refs_.empty() && refs_.capacity() > kSpare) refs_ = {};
  }
  static constexpr std::size_t kSpare = 16;

 private:
  /// A token that takes over the count of `ref`.
  [[nodiscard]] AckToken token(TreeRef ref) const {
    return ref == kUntracked ? AckToken{} : AckToken{ledger_, ref, holder_};
  }
  /// What stands for `count` references from `first` on, and takes over their counts.
  [[nodiscard]] TreeRef joined(std::size_t first, std::size_t count) const {
    if (count == 1) return refs_[first];
    std::vector<TreeRef> tracked;
    tracked.reserve(count);
    for (std::size_t i = first; i < first + count; ++i)
      if (refs_[i] != kUntracked) tracked.push_back(refs_[i]);
    if (tracked.empty()) return kUntracked;
    if (tracked.size() == 1) return tracked[0];
    return make_joint(*ledger_, std::move(tracked));
  }
  void erase(std::size_t first, std::size_t count) {
    const auto at = refs_.begin() + static_cast<std::ptrdiff_t>(first);
    refs_.erase(at, at + static_cast<std::ptrdiff_t>(count));
  }
  void drop_all() noexcept {
    for (const TreeRef ref : refs_) {
      [[maybe_unused]] const AckToken dropped = token(ref);
    }
    refs_.clear();
  }

  std::shared_ptr<Ledger> ledger_;  // shared with the topology and its other tokens
  std::uint32_t holder_ = 0;
  std::vector<TreeRef> refs_;
};

}  // namespace bora::internal
