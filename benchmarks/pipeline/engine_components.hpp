#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <semaphore>
#include <span>
#include <utility>

#include "benchmarks/pipeline/open_loop.hpp"
#include "benchmarks/pipeline/workload.hpp"
#include "bora/bolt.hpp"
#include "bora/options.hpp"
#include "bora/spout.hpp"

/// The workload as spouts and bolts: what a topology's author would write, around workload.hpp.
namespace bora::bench {

enum class Acking { kOff, kOn };

/// What the components of one run share with who runs it. Outlives the topology.
struct EngineRun {
  std::uint64_t tuples = 0;
  Acking acking = Acking::kOff;
  EngineOptions options = {};
  OpenLoop* schedule = nullptr;  ///< latency runs only
  LatencySamples* samples = nullptr;

  /// The spout emits nothing before `go`, so that opening components is not measured.
  std::atomic<bool> go{false};
  std::function<void()> wake_spout = {};  ///< set by the spout's open()

  /// Released by each party when its last tuple is done: by the spout when all are acked, by every
  /// sink task when nothing is acked.
  std::counting_semaphore<> done{0};

  // Written when components close; read after the topology has stopped.
  std::uint64_t acked_ids = 0;
  std::uint64_t acked = 0;
  std::uint64_t failed = 0;
  std::mutex mutex = {};
  Checksum checksum = {};  ///< guarded by mutex: a sink has several tasks
};

/// What both sources have in common: the gate, and the account of what was acked.
template <class T>
class BenchSpout : public Spout<T> {
 public:
  explicit BenchSpout(EngineRun& run) : run_(run) {}

  Status open(Context& context) override {
    run_.wake_spout = context.waker();
    return {};
  }
  void acked(std::span<const MessageId> ids) override {
    for (const MessageId& id : ids)
      acked_ids_ += id.offset;
    acked_ += ids.size();
    if (acked_ == run_.tuples) run_.done.release();
  }
  void failed(const Failure&) override { ++failed_; }
  void close() override {
    run_.acked_ids = acked_ids_;
    run_.acked = acked_;
    run_.failed = failed_;
  }

 protected:
  [[nodiscard]] bool may_go() const noexcept { return run_.go.load(std::memory_order_acquire); }
  [[nodiscard]] EngineRun& run() noexcept { return run_; }
  [[gnu::always_inline]] void send(const T& tuple, std::uint64_t index) {
    if (run_.acking == Acking::kOn) {
      this->emit(tuple, MessageId{.offset = index});
    } else {
      this->emit_untracked(tuple);
    }
  }

 private:
  EngineRun& run_;
  std::uint64_t acked_ids_ = 0;
  std::uint64_t acked_ = 0;
  std::uint64_t failed_ = 0;
};

/// As fast as the topology takes it.
template <class T>
class FastSpout final : public BenchSpout<T> {
 public:
  using BenchSpout<T>::BenchSpout;

  Next next_batch(std::size_t max) override {
    if (!this->may_go()) return Next::idle();
    const std::uint64_t end = std::min<std::uint64_t>(this->run().tuples, next_ + max);
    for (; next_ < end; ++next_) {
      T tuple;
      make_reading(next_, tuple);
      this->send(tuple, next_);
    }
    return next_ < this->run().tuples ? Next::more() : Next::finished();
  }

 private:
  std::uint64_t next_ = 0;
};

/// At the schedule's pace; the engine sleeps in between.
class PacedSpout final : public BenchSpout<Reading> {
 public:
  using BenchSpout::BenchSpout;

  Next next_batch(std::size_t max) override {
    if (!may_go()) return Next::idle();
    OpenLoop& schedule = *run().schedule;
    if (!std::exchange(started_, true)) schedule.start();
    for (; max > 0; --max) {
      if (left_ == 0) {
        if (schedule.is_over()) return Next::finished();
        const std::int64_t due = schedule.next_due_ns();
        if (monotonic_ns() < due) return Next::idle_until(Instant{std::chrono::nanoseconds{due}});
        due_ = schedule.begin_burst();
        left_ = schedule.burst();
      }
      Reading tuple;
      make_reading(next_, tuple);
      tuple.due_ns = due_;
      send(tuple, next_++);
      --left_;
    }
    return Next::more();
  }

 private:
  bool started_ = false;
  std::uint64_t next_ = 0;
  std::uint64_t left_ = 0;  // of the burst
  std::int64_t due_ = 0;
};

template <class T>
class MapBolt final : public Bolt<T, T> {
 public:
  void execute(const T& in) override {
    T result = in;
    result.temperature = to_fahrenheit(in.temperature);
    this->out.emit(result);
  }
};

template <class T>
class KeyedBolt final : public Bolt<T, T> {
 public:
  void execute(const T& in) override {
    T result = in;
    result.temperature = mean_.next(in.device_id, in.temperature);
    this->out.emit(result);
  }

 private:
  RunningMean mean_;
};

template <class T>
class MapInPlaceBolt final : public InPlaceBolt<T> {
 public:
  void execute(T& in) override {
    in.temperature = to_fahrenheit(in.temperature);
    this->out.emit(std::move(in));
  }
};

template <class T>
class KeyedInPlaceBolt final : public InPlaceBolt<T> {
 public:
  void execute(T& in) override {
    in.temperature = mean_.next(in.device_id, in.temperature);
    this->out.emit(std::move(in));
  }

 private:
  RunningMean mean_;
};

/// What every sink task does: adds up, and says when it has taken the last tuple.
template <class T>
class SinkBolt : public Bolt<T> {
 public:
  explicit SinkBolt(EngineRun& run) : run_(run) {
    if (run.acking == Acking::kOff) last_ = run.tuples;
  }
  void execute(const T& in) override {
    checksum_.add(in);
    if (checksum_.count() == last_) run_.done.release();
  }
  void close() override {
    const std::lock_guard lock{run_.mutex};
    run_.checksum.add(checksum_);
  }

 protected:
  [[nodiscard]] EngineRun& run() noexcept { return run_; }

 private:
  EngineRun& run_;
  std::uint64_t last_ = 0;  // 0: the spout says when all is done
  Checksum checksum_;
};

/// The sink of latency runs.
class LatencySinkBolt final : public SinkBolt<Reading> {
 public:
  using SinkBolt::SinkBolt;
  void execute(const Reading& in) override {
    run().samples->record(in.due_ns);
    SinkBolt::execute(in);
  }
};

}  // namespace bora::bench
