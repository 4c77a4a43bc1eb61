#pragma once

#include <string>

namespace bora::bench {

/// Asks the broker to, and waits up to ten seconds; says nothing when it does not.
void remove_topic(const std::string& brokers, const std::string& name);

}  // namespace bora::bench
