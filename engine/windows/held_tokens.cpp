#include "bora/internal/held_tokens.hpp"

#include <utility>

#include "engine/ack/ledger.hpp"

namespace bora::internal {

TreeRef make_joint(Ledger& ledger, std::vector<TreeRef> trees) {
  return ledger.make_joint(std::move(trees));
}

}  // namespace bora::internal
