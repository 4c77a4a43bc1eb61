#include "bora/internal/held_tokens.hpp"

#include <utility>

#include "engine/ack/ledger.hpp"

namespace bora::internal {

TreeRef take_executing(ExecutorContext& context, std::uint32_t task) {
  const TreeRef ref = context.anchor();
  if (ref == kUntracked) return ref;
  if (context.frame() >= ExecutorContext::kChild) {
    context.raise(ref);  // others hold its count already
  } else {
    context.taken_tree.store(ref, std::memory_order_relaxed);
    context.begin(kUntracked);  // the executing tuple's count is the caller's
  }
  context.ledger().set_holder(ref, task, Ledger::kPatient);
  return ref;
}

TreeRef make_joint(Ledger& ledger, std::vector<TreeRef> trees) {
  return ledger.make_joint(std::move(trees));
}

}  // namespace bora::internal
