#pragma once

namespace bora::scrape {

/// CPU that threads of this process have had, in seconds.
struct CpuTime {
  double scraper = 0;  ///< The main thread, which scrapes.
  double control =
      0;  ///< Threads that neither scrape nor execute components: who answers is one of them.
  double engine = 0;  ///< Executors.
};

/// As the kernel's scheduler counts, to the nanosecond. All 0 where it does not.
[[nodiscard]] CpuTime cpu_time();

}  // namespace bora::scrape
