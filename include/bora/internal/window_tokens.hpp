#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "bora/internal/held_tokens.hpp"

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
  /// Holds the token of an input that is in the windows that start at `first` to `last`.
  void insert(std::int64_t first, std::int64_t last, AckToken token) {
    std::size_t at = panes_.size();
    std::size_t end = tokens_.size();
    while (at > 0 && panes_[at - 1].is_after(first, last))
      end -= panes_[--at].refs;
    if (at == 0 || panes_[at - 1].last != last || panes_[at - 1].first != first) {
      panes_.insert(panes_.begin() + static_cast<std::ptrdiff_t>(at), Pane{first, last});
      ++at;
    }
    tokens_.insert(end, std::move(token));
    ++panes_[at - 1].refs;
    ++panes_[at - 1].inputs;
  }

  /// One token for all inputs of the window at `start`, which is the first that is still open. It takes
  /// over the counts of those that no later window holds: give it back, or finish the window.
  [[nodiscard]] AckToken take(std::int64_t start) {
    const std::size_t own = count_until(start, &Pane::refs);
    std::size_t others = 0;
    for (; others < panes_.size() && panes_[others].last <= start; ++others)
      panes_[others].refs = 0;
    AckToken token = own > 0 ? tokens_.take_front(own) : AckToken{};
    return others < panes_.size() ? join_shared(std::move(token), others, start) : std::move(token);
  }
  /// The window at `start` stays open.
  void give_back(std::int64_t start, AckToken token) {
    if (panes_.empty() || panes_.front().last > start) return std::move(token).ack();
    tokens_.insert(0, std::move(token));
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
  /// `token` and those of the panes from `pane` on, which later windows hold, too, that are in the window
  /// at `start`.
  [[nodiscard]] AckToken join_shared(AckToken token, std::size_t pane, std::int64_t start) {
    std::vector<AckToken> parts;
    for (std::size_t first = 0; pane < panes_.size(); first += panes_[pane++].refs) {
      if (panes_[pane].first > start) continue;
      if (panes_[pane].refs > 1) tokens_.unite(first, panes_[pane].refs);
      panes_[pane].refs = 1;
      parts.push_back(tokens_.share(first));
    }
    if (parts.empty()) return token;
    parts.push_back(std::move(token));
    return AckToken::join(std::move(parts));
  }

  std::vector<Pane> panes_;
  HeldTokens tokens_;
};

}  // namespace bora::internal
