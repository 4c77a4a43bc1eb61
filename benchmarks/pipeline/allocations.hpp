#pragma once

#include <cstdint>

namespace bora::bench {

/// Calls of operator new by all threads of the process so far. The program's operator new is
/// replaced by one that counts and calls malloc; malloc called directly is not counted.
[[nodiscard]] std::uint64_t allocations() noexcept;

}  // namespace bora::bench
