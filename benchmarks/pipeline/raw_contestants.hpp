#pragma once

#include "benchmarks/pipeline/suite.hpp"

namespace bora::bench {

/// Adds the suite `raw`: reports of 1,024 devices, from the embedded log into the archive.
///
/// - `topology`: the raw topology as its program runs it, with default options, threads and all;
/// - `rocksdb`: RocksDB alone, given the same keys and values, made beforehand, in the order and in
///   batches of the size in which the topology wrote them, with the archive's options.
///
/// `<name>.synced` syncs once for each batch. Data lies in the directory for temporary files (TMPDIR):
/// a figure of a synced run says as much about its disk as about the program.
void add_raw(Suites& suites);

}  // namespace bora::bench
