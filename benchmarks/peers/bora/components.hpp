#pragma once

#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>
#include <utility>

#include "benchmarks/peers/bora/input.hpp"
#include "benchmarks/peers/bora/measure.hpp"
#include "benchmarks/peers/bora/options.hpp"
#include "benchmarks/pipeline/open_loop.hpp"
#include "bora/bolt.hpp"
#include "bora/spout.hpp"
#include "bora/window.hpp"

/// The graphs' operators as spouts and bolts: what a topology's author would write.
namespace bora::peers {

/// What the components of one run share with who runs it. Outlives the topology.
struct Run {
  explicit Run(const Options& given) : options(given) {}

  const Options& options;
  bench::OpenLoop* schedule = nullptr;  ///< Open loop only, as are latencies.
  Latencies* latencies = nullptr;

  /// The spout emits nothing before `go`, so that opening components is not measured, and, in a closed
  /// loop, nothing after `sending`.
  std::atomic<bool> go{false};
  std::atomic<bool> sending{true};
  std::function<void()> wake_spout = {};  ///< Set by the spout's open().
  Progress progress = {};
  std::atomic<std::uint64_t> sent{0};  ///< Valid with has_sent_all.
  std::atomic<bool> has_sent_all{false};
  std::atomic<std::uint64_t> failed{0};
  Tally received = {};  ///< Written when the sink closes.
};

/// Tuples 0, 1, 2, ...: as many as the topology takes, or when they are due.
template <class T>
class PeerSpout final : public Spout<T> {
 public:
  explicit PeerSpout(Run& run) : run_(run) {}

  Status open(Context& context) override {
    run_.wake_spout = context.waker();
    acked_ = &run_.progress.counter();
    return {};
  }
  Next next_batch(std::size_t max) override {
    if (!run_.go.load(std::memory_order_acquire)) return Next::idle();
    return run_.schedule == nullptr ? flood(max) : keep_pace(max, *run_.schedule);
  }
  void acked(std::span<const MessageId> ids) override { acked_->add(ids.size()); }
  void failed(const Failure&) override { ++run_.failed; }

 private:
  Next flood(std::size_t max) {
    if (!run_.sending.load(std::memory_order_relaxed)) return finish();
    for (; max > 0; --max)
      send(0);
    return Next::more();
  }
  Next keep_pace(std::size_t max, bench::OpenLoop& schedule) {
    if (!std::exchange(started_, true)) {
      schedule.start();
      run_.latencies->begin(schedule.next_due_ns() +
                            static_cast<std::int64_t>(run_.options.warmup * 1e9));
    }
    for (; max > 0; --max) {
      if (left_ == 0) {
        if (schedule.is_over()) return finish();
        const std::int64_t due = schedule.next_due_ns();
        if (bench::monotonic_ns() < due)
          return Next::idle_until(Instant{std::chrono::nanoseconds{due}});
        due_ = schedule.begin_burst();
        left_ = schedule.burst();
      }
      send(due_);
      --left_;
    }
    return Next::more();
  }
  [[gnu::always_inline]] void send(std::int64_t due_ns) {
    T tuple;
    make_tuple(next_, run_.options.keys, tuple);
    tuple.due_ns = due_ns;
    if (run_.options.is_acked()) {
      this->emit(std::move(tuple), MessageId{.offset = next_});
    } else {
      this->emit_untracked(std::move(tuple));
    }
    ++next_;
  }
  Next finish() {
    run_.sent = next_;
    run_.has_sent_all = true;
    return Next::finished();
  }

  Run& run_;
  Progress::Counter* acked_ = nullptr;
  bool started_ = false;
  std::uint64_t next_ = 0;
  std::uint64_t left_ = 0;  // of the burst
  std::int64_t due_ = 0;
};

/// Counts tuples as completed where nothing is acked.
class Completed {
 public:
  void open(Run& run) {
    if (!run.options.is_acked()) counter_ = &run.progress.counter();
  }
  void add(std::uint64_t tuples) noexcept {
    if (counter_ != nullptr) counter_->add(tuples);
  }

 private:
  Progress::Counter* counter_ = nullptr;
};

class FahrenheitBolt final : public Bolt<Sample, Sample> {
 public:
  void execute(const Sample& in) override {
    Sample result = in;
    result.value = to_fahrenheit(in.value);
    out.emit(result);
  }
};

class MeanBolt final : public Bolt<Sample, Sample> {
 public:
  void execute(const Sample& in) override {
    Sample result = in;
    result.value = mean_.next(in.device, in.value);
    out.emit(result);
  }

 private:
  RunningMean mean_;
};

class FahrenheitInPlaceBolt final : public InPlaceBolt<Sample> {
 public:
  void execute(Sample& in) override {
    in.value = to_fahrenheit(in.value);
    out.emit(std::move(in));
  }
};

class MeanInPlaceBolt final : public InPlaceBolt<Sample> {
 public:
  void execute(Sample& in) override {
    in.value = mean_.next(in.device, in.value);
    out.emit(std::move(in));
  }

 private:
  RunningMean mean_;
};

/// Emits what is much warmer than its device was lately, with the mean.
class SpikeBolt final : public Bolt<Sample, Sample> {
 public:
  explicit SpikeBolt(Run& run) : run_(run) {}
  Status open(Context&) override {
    completed_.open(run_);
    return {};
  }
  void execute(const Sample& in) override {
    const double mean = means_.next(in.device, in.value);
    if (MovingMean::is_spike(in.value, mean)) {
      Sample result = in;
      result.value = mean;
      out.emit(result);
    }
    completed_.add(1);
  }

 private:
  Run& run_;
  MovingMean means_;
  Completed completed_;
};

/// What the mean of a window is made of.
struct MeanOf {
  double sum = 0;
  std::int64_t due_ns = 0;
};

/// The mean of each device in each second of event time.
class WindowMeanBolt final : public EventFoldWindowBolt<Sample, MeanOf, Sample, std::int64_t> {
 public:
  explicit WindowMeanBolt(Run& run)
      : EventFoldWindowBolt({.size = std::chrono::milliseconds{kWindowMs},
                             .time = [](const Sample& in) { return from_millis(in.time_ms); },
                             .key = [](const Sample& in) { return in.device; }}),
        run_(run) {}
  void fold(MeanOf& mean, const Sample& in) override {
    mean.sum += in.value;
    mean.due_ns = std::max(mean.due_ns, in.due_ns);
  }
  void on_window(const FoldedWindow<MeanOf, std::int64_t>& window) override {
    if (!std::exchange(is_open_, true)) completed_.open(run_);
    const MeanOf& mean = window.value();
    out.emit(Sample{.device = window.key(),
                    .value = mean.sum / static_cast<double>(window.count()),
                    .due_ns = mean.due_ns});
    completed_.add(window.count());
  }

 private:
  Run& run_;
  bool is_open_ = false;  // open() is the window's own
  Completed completed_;
};

struct Word {
  std::string text;
  std::int64_t due_ns = 0;
};
struct WordCount {
  std::string word;
  std::uint64_t count = 0;
  std::int64_t due_ns = 0;
};

class SplitBolt final : public Bolt<Sentence, Word> {
 public:
  void execute(const Sentence& in) override {
    std::string_view rest = in.text;
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find(' '), rest.size());
      out.emit(Word{std::string{rest.substr(0, end)}, in.due_ns});
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  }
};

class CountBolt final : public Bolt<Word, WordCount> {
 public:
  void execute(const Word& in) override {
    out.emit(WordCount{in.text, ++counts_[in.text], in.due_ns});
  }

 private:
  std::unordered_map<std::string, std::uint64_t> counts_;
};

/// Adds up what comes out. `every` outputs complete a tuple; 0: somebody else says what is completed.
template <class T>
class PeerSink final : public Bolt<T> {
 public:
  PeerSink(Run& run, std::uint64_t every) : run_(run), every_(every) {}

  Status open(Context&) override {
    if (every_ > 0) completed_.open(run_);
    return {};
  }
  void execute(const T& in) override {
    if (run_.latencies != nullptr) run_.latencies->record(in.due_ns);
    if constexpr (std::is_same_v<T, WordCount>) {
      std::uint64_t number = 0;
      std::from_chars(in.word.data() + 1, in.word.data() + in.word.size(), number);
      tally_.add(number, in.count);
    } else {
      tally_.add(in.device, in.value);
    }
    if (++since_ < every_) return;
    since_ = 0;
    completed_.add(1);
  }
  void close() override { run_.received = tally_; }

 private:
  Run& run_;
  const std::uint64_t every_;
  std::uint64_t since_ = 0;
  Completed completed_;
  Tally tally_;
};

}  // namespace bora::peers
