#pragma once

#include <atomic>
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

/// Keeps the tuple that `context` executes for `task`: its count passes to the caller. See BoltBase::take.
[[nodiscard]] TreeRef take_executing(ExecutorContext& context, std::uint32_t task);
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

  /// Requires: every token is of the same task, or tracks nothing.
  void push_back(AckToken token) {
    if (token.is_tracking()) belong_to(token.ledger(), token.holder());
    refs_.push_back(kUntracked);
    refs_.back() = std::move(token).detach();  // after what may throw
  }
  /// The same with the tuple that the task executes, without the way through a token.
  void take_executing(std::size_t at) {
    ExecutorContext& context = *ExecutorContext::current();
    const std::uint32_t task = context.current_task.load(std::memory_order_relaxed);
    if (context.anchor() != kUntracked) belong_to(context.shared_ledger(), task);
    const auto place = refs_.insert(refs_.begin() + static_cast<std::ptrdiff_t>(at), kUntracked);
    *place = internal::take_executing(context, task);  // after what may throw
  }

  // On the task's own thread tokens may be held as references, each with one count.

  /// The first `count` as one, which passes to the caller.
  [[nodiscard]] TreeRef take_front(std::size_t count) {
    const TreeRef ref = joined(0, count);
    erase(0, count);
    return ref;
  }
  void put_front(TreeRef ref) { refs_.insert(refs_.begin(), ref); }
  /// Makes `count` from `first` on the one at `first`.
  void unite(std::size_t first, std::size_t count) {
    const TreeRef ref = joined(first, count);
    erase(first + 1, count - 1);
    refs_[first] = ref;
  }
  /// Another count of the one at `at`: it is done only when both are.
  [[nodiscard]] TreeRef share(std::size_t at) const {
    ExecutorContext::current()->raise(refs_[at]);
    return refs_[at];
  }
  /// One for all of `refs`, whose counts it takes over.
  [[nodiscard]] TreeRef join(std::vector<TreeRef> refs) const {
    std::erase(refs, kUntracked);
    if (refs.empty()) return kUntracked;
    return refs.size() == 1 ? refs[0] : make_joint(*ledger_, std::move(refs));
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
  void belong_to(const std::shared_ptr<Ledger>& ledger, std::uint32_t task) {
    BORA_CHECK(ledger_ == nullptr || ledger_ == ledger, "tokens of two topologies in one bag");
    if (ledger_ == nullptr) ledger_ = ledger;
    holder_ = task;
  }
  [[nodiscard]] TreeRef joined(std::size_t first, std::size_t count) const {
    if (count == 1) return refs_[first];
    const auto at = refs_.begin() + static_cast<std::ptrdiff_t>(first);
    return join({at, at + static_cast<std::ptrdiff_t>(count)});
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
