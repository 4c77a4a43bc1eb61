#pragma once

#include "benchmarks/pipeline/suite.hpp"

namespace bora::bench {

/// Adds the engine, with its default options throughout:
///
/// - `engine`: one thread per component, bolts that emit a new tuple;
/// - `engine_in_place`: bolts that change their tuple and pass it on;
/// - `engine_local`: the same components as `engine`, all hops local, so one thread;
/// - `engine_2_threads`: map local to the spout, sink local to the keyed bolt.
///
/// `<name>.acked` emits tracked tuples (max_in_flight 8,192, the default); the others are untracked.
void add_engine(Suites& suites);

}  // namespace bora::bench
