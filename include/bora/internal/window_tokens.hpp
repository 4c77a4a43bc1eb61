#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "bora/internal/executor_context.hpp"
#include "bora/internal/held_tokens.hpp"
#include "bora/internal/tree_ref.hpp"

namespace bora::internal {

/// The tokens of the inputs of one key's open windows. Inputs that are in the same windows share a pane;
/// the first of its windows to close makes one token of the pane's, so a token costs its place and one
/// count in a joint, in however many windows its input is.
///
/// Invariants:
///  1. panes_ ascend, by their last windows; none is past it.
///  2. tokens_ are those of the panes, in order, `refs` of each.
/// Threads: single-owner.
class WindowTokens {
 public:
  /// Takes the input that is being executed, which is in the windows that start at `first` to `last`.
  void take_executing(std::int64_t first, std::int64_t last) {
    std::size_t at = panes_.size();
    std::size_t end = tokens_.size();
    while (at > 0 && panes_[at - 1].is_after(first, last))
      end -= panes_[--at].refs;
    if (at == 0 || panes_[at - 1].last != last || panes_[at - 1].first != first) {
      panes_.insert(panes_.begin() + static_cast<std::ptrdiff_t>(at), Pane{first, last});
      ++at;
    }
    tokens_.take_executing(end);
    ++panes_[at - 1].refs;
    ++panes_[at - 1].inputs;
  }

  /// One reference for all inputs of the window at `start`, which is the first that is still open, with a
  /// count for the caller. It takes over the counts of those that no later window holds: give it back, or
  /// finish the window.
  [[nodiscard]] TreeRef take(std::int64_t start) {
    const std::size_t own = count_until(start, &Pane::refs);
    std::size_t others = 0;
    for (; others < panes_.size() && panes_[others].last <= start; ++others)
      panes_[others].refs = 0;
    const TreeRef ref = own > 0 ? tokens_.take_front(own) : kUntracked;
    return others < panes_.size() ? join_shared(ref, others, start) : ref;
  }
  /// The window at `start` stays open.
  void give_back(std::int64_t start, TreeRef ref) {
    if (panes_.empty() || panes_.front().last > start)
      return ExecutorContext::current()->release(ref);
    tokens_.put_front(ref);
    panes_.front().refs = 1;
  }
  /// The window at `start`, whose token was taken, is done with. Returns how many inputs are in no
  /// later one.
  std::size_t finish(std::int64_t start) {
    const std::size_t inputs = count_until(start, &Pane::inputs);
    auto end = panes_.begin();
    while (end != panes_.end() && end->last <= start)
      ++end;
    panes_.erase(panes_.begin(), end);
    return inputs;
  }
  /// Gives every token back.
  void fail_all(FailureKind kind, const std::string& reason) {
    tokens_.fail_front(tokens_.size(), kind, reason);
    panes_.clear();
  }
  void shrink() {
    tokens_.shrink();
    if (panes_.empty() && panes_.capacity() > HeldTokens::kSpare) panes_ = {};
  }

 private:
  struct Pane {
    std::int64_t first = 0;  // the windows that hold its inputs
    std::int64_t last = 0;
    std::size_t refs = 0;
    std::size_t inputs = 0;
    [[nodiscard]] bool is_after(std::int64_t f, std::int64_t l) const noexcept {
      return last != l ? last > l : first > f;
    }
  };

  /// Over the panes that no window after `start` holds.
  [[nodiscard]] std::size_t count_until(std::int64_t start, std::size_t Pane::*what) const {
    std::size_t count = 0;
    for (auto pane = panes_.begin(); pane != panes_.end() && pane->last <= start; ++pane)
      count += (*pane).*what;
    return count;
  }
  /// `ref` and those of the panes from `pane` on, which later windows hold, too, that are in the window at
  /// `start`.
  [[nodiscard]] TreeRef join_shared(TreeRef ref, std::size_t pane, std::int64_t start) {
    std::vector<TreeRef> parts{ref};
    for (std::size_t first = 0; pane < panes_.size(); first += panes_[pane++].refs) {
      if (panes_[pane].first > start) continue;
      if (panes_[pane].refs > 1) tokens_.unite(first, panes_[pane].refs);
      panes_[pane].refs = 1;
      parts.push_back(tokens_.share(first));
    }
    return tokens_.join(std::move(parts));
  }

  std::vector<Pane> panes_;
  HeldTokens tokens_;
};

}  // namespace bora::internal
