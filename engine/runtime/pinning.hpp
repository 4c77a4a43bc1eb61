#pragma once

#include <cstddef>
#include <vector>

#include "bora/status.hpp"

/// Threads bound to cores, for EngineOptions::pin_threads.
namespace bora::internal {

/// The cores that the process may use, ascending: its affinity, as `taskset` or a cpuset leave it.
/// Empty when the kernel does not say.
[[nodiscard]] std::vector<int> usable_cores();

/// The core of the `nth` of `threads`: one each while there are enough, else neighbours share, the last
/// ones with more than the first, as spouts have most to do. `cores` is not empty, `nth` is below `threads`.
[[nodiscard]] int core_of(std::size_t nth, std::size_t threads, const std::vector<int>& cores);

/// Binds the calling thread. Threads that it starts from then on inherit that.
[[nodiscard]] Status pin_this_thread(int core);

}  // namespace bora::internal
