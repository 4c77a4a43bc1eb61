#include "topologies/coldchain/require_accepted.hpp"

#include <string>

#include "bora/failure.hpp"

namespace bora::coldchain {

void refuse(const Rejection& rejection) {
  throw Permanent(std::string(to_string(rejection.reason)) + ": " + rejection.text);
}

}  // namespace bora::coldchain
