#include "engine/runtime/pinning.hpp"

#include <pthread.h>
#include <sched.h>
#include <string>
#include <system_error>

namespace bora::internal {

std::vector<int> usable_cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  std::vector<int> cores;
  if (sched_getaffinity(0, sizeof set, &set) != 0) return cores;
  for (int core = 0; core < CPU_SETSIZE; ++core)
    if (CPU_ISSET(core, &set)) cores.push_back(core);
  return cores;
}

int core_of(std::size_t nth, std::size_t threads, const std::vector<int>& cores) {
  if (threads <= cores.size()) return cores[nth];
  return cores[((nth + 1) * cores.size() - 1) / threads];
}

Status pin_this_thread(int core) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(core, &set);
  const int error = pthread_setaffinity_np(pthread_self(), sizeof set, &set);
  if (error == 0) return {};
  return {ErrorKind::kUnavailable, "could not bind a thread to core " + std::to_string(core) +
                                       ": " + std::generic_category().message(error) +
                                       "; run without pin_threads"};
}

}  // namespace bora::internal
