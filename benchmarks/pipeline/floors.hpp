#pragma once

#include "benchmarks/pipeline/suite.hpp"

namespace bora::bench {

/// Adds the hand-written floors, what an engine's hand-over is measured against:
///
/// - `ring`: a thread per operator, a bounded SPSC ring of tuples by value per hop;
/// - `blocks`: pooled blocks of 64 tuples that change owner, each operator writing to its own;
/// - `blocks_in_place`: one block passes through all operators, which change it where it is;
/// - `one_thread`: one loop;
/// - `ring_16k`, `blocks_16k`: the same with hops that hold 16,384 tuples, the others hold 4,096;
/// - `ring_2_threads`: source and map on one thread, keyed mean and sink on the other.
///
/// `<floor>.acked` does the same with one atomic count per source tuple (floor/ledger.hpp), at most
/// 8,192 in flight.
void add_floors(Suites& suites);

}  // namespace bora::bench
