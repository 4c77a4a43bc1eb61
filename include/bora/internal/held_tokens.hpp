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

  /// One token for `count` tokens from `first` on, which stay held, too: each is done only when both
  /// are.
  [[nodiscard]] AckToken join_shared(std::size_t first, std::size_t count) const {
    std::vector<AckToken> shared;
    shared.reserve(count);
    for (std::size_t i = first; i < first + count; ++i) {
      if (refs_[i] == kUntracked) continue;
      ExecutorContext::current()->raise(refs_[i]);
      shared.push_back(token(refs_[i]));
    }
    return AckToken::join(std::move(shared));
  }

  void ack_front(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i)
      token(refs_[i]).ack();
    erase_front(count);
  }
  void fail_front(std::size_t count, FailureKind kind, const std::string& reason) {
    for (std::size_t i = 0; i < count; ++i)
      token(refs_[i]).fail(kind, reason);
    erase_front(count);
  }

 private:
  /// A token that takes over the count of `ref`.
  [[nodiscard]] AckToken token(TreeRef ref) const {
    return ref == kUntracked ? AckToken{} : AckToken{ledger_, ref, holder_};
  }
  void erase_front(std::size_t count) {
    refs_.erase(refs_.begin(), refs_.begin() + static_cast<std::ptrdiff_t>(count));
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
