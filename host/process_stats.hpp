#pragma once

#include <cstdint>

namespace bora::host {

/// What the kernel counts for this process.
struct ProcessStats {
  double cpu_seconds = 0;
  std::uint64_t resident_bytes = 0;  ///< 0 when /proc is not there.
};

[[nodiscard]] ProcessStats process_stats();

}  // namespace bora::host
