#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "benchmarks/pipeline/floor/edges.hpp"
#include "benchmarks/pipeline/open_loop.hpp"
#include "benchmarks/pipeline/workload.hpp"

/// What a thread of a floor runs. Every stage knows how many tuples will pass, which spares the hot
/// loops an end-of-stream test; whoever waits for input flushes its output first.
namespace bora::bench::floor {

/// Emits tuples [first, first + count), shaped by `fill(index, value)`.
template <class T, class Ledger, class Writer, class Fill>
void emit(Ledger& ledger, Writer& out, std::uint64_t first, std::uint64_t count, Fill fill) {
  const std::uint64_t end = first + count;
  while (first < end) {
    // Granted first: what flush() hands over must not be written to any more.
    const std::size_t granted =
        ledger.grant(std::min<std::size_t>(kBatch, end - first), [&out] { out.flush(); });
    const std::span room = out.room();
    const std::size_t n = std::min(room.size(), granted);
    for (std::size_t i = 0; i < n; ++i) {
      fill(first + i, room[i].value);
      ledger.template open<T>(room[i], i, first + i);
    }
    ledger.opened(n);
    out.wrote(n);
    first += n;
  }
}

/// As fast as the chain takes it.
template <class T, class Ledger, class Writer, class Fill>
void source_stage(Ledger& ledger, Writer& out, std::uint64_t count, Fill fill) {
  emit<T>(ledger, out, 0, count, fill);
  out.flush();
  ledger.wait_all();
}

/// At the schedule's pace, stamping each tuple with the time at which it was due.
template <class T, class Ledger, class Writer>
void paced_source_stage(Ledger& ledger, Writer& out, OpenLoop& schedule) {
  schedule.start();
  for (std::uint64_t first = 0; !schedule.is_over(); first += schedule.burst()) {
    schedule.sleep_until_due();
    const std::int64_t due = schedule.begin_burst();
    emit<T>(ledger, out, first, schedule.burst(), [due](std::uint64_t index, T& value) {
      make_reading(index, value);
      value.due_ns = due;
    });
    out.flush();
  }
  ledger.wait_all();
}

/// Writes a new tuple for each one taken. `op(value)` changes the copy.
template <class Reader, class Writer, class Op>
void copy_stage(Reader& in, Writer& out, std::uint64_t count, Op op) {
  while (count > 0) {
    std::span taken = in.peek();
    if (taken.empty()) {
      out.flush();
      in.wait();
      continue;
    }
    const std::span room = out.room();
    const std::size_t n = std::min(taken.size(), room.size());
    for (std::size_t i = 0; i < n; ++i) {
      room[i] = taken[i];
      op(room[i].value);
    }
    in.done(n);
    out.wrote(n);
    count -= n;
  }
  out.flush();
}

/// Changes the tuples of a block where they are and passes the block on.
template <class Item, class Op>
void in_place_stage(BlockRing<Item>& in, BlockRing<Item>& out, std::uint64_t count, Op op) {
  while (count > 0) {
    const std::span<Block<Item>*> run = in.readable(1);
    if (run.empty()) {
      in.wait_readable(1);
      continue;
    }
    Block<Item>* block = run.front();
    in.release(1);
    for (Item& item : std::span{block->items}.first(block->size))
      op(item.value);
    count -= block->size;
    out.writable(1).front() = block;
    out.written(1);
    out.publish();
  }
}

/// Takes each tuple with `take(value)` and closes it in the ledger.
template <class Ledger, class Reader, class Take>
void sink_stage(Ledger& ledger, Reader& in, std::uint64_t count, Take take) {
  while (count > 0) {
    const std::span taken = in.peek();
    if (taken.empty()) {
      in.wait();
      continue;
    }
    for (auto& item : taken) {
      take(item.value);
      ledger.close(item);
    }
    const std::size_t n = taken.size();
    in.done(n);
    ledger.report();
    count -= n;
  }
}

}  // namespace bora::bench::floor
