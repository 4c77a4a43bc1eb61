#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "bora/check.hpp"
#include "bora/clock.hpp"
#include "bora/component.hpp"
#include "bora/failure.hpp"
#include "bora/internal/alarm.hpp"
#include "bora/internal/execute_under.hpp"
#include "bora/internal/keyed_windows.hpp"
#include "bora/internal/taking_bolt.hpp"
#include "bora/internal/window_run.hpp"
#include "bora/window_options.hpp"
#include "bora/window_view.hpp"

namespace bora::internal {

/// Throws std::invalid_argument, with the mend, when the options make no sense.
[[nodiscard]] WindowGrid make_grid(WindowLength size, std::optional<WindowLength> slide);
void require_key(bool has_function, bool is_keyed);
/// Throw Unavailable when the limits do not allow one more input, or one more key.
void require_room_for_input(std::size_t held, const WindowLimits& limits);
void require_room_for_key(std::size_t keys, const WindowLimits& limits);
/// What is reported when windows seem to wait for inputs that cannot come.
[[nodiscard]] std::string starved_text(std::size_t held, const WindowLimits& limits);

/// What windows by arrival and by event time share, and those that keep their inputs and those that fold
/// them: showing, retrying, giving back. `Store` is what KeyedWindows has for each key, `View` what
/// on_window() sees.
///
/// Fails: an on_window() that throws Unavailable is called again for the same window after
/// limits.retry_after, with what it emitted before the throw emitted twice; the key's later windows wait
/// meanwhile. Anything else that it throws fails every input of the window. While the topology drains,
/// windows that are still open give their inputs back (kAbandoned): the source replays them.
/// Threads: one task, one thread.
template <class Store, class View, class In, class Out, class Key>
class WindowBoltBase : public TakingBolt<In, Out> {
 public:
  Status open(Context& context) final {
    context_ = context;
    alarm_.bind(context, [this] { on_alarm(); });
    retry_alarm_.bind(context, [this] { retry(); });
    context.every(limits_.starved_after, [this] { watch_for_starving(); });
    start();
    return on_open(context);
  }
  void close() final {
    windows_.fail_all(FailureKind::kAbandoned, "the window was still open when the topology ended");
    on_close();
  }
  void on_drain() final {
    windows_.fail_all(FailureKind::kAbandoned,
                      "the window was still open when the topology drained");
  }

  /// The component's thread.
  [[nodiscard]] WindowCounts counts() const noexcept {
    WindowCounts counts = counts_;
    counts.held = windows_.held();
    counts.keys = windows_.keys();
    return counts;
  }

 protected:
  /// Called once for every window that is over and not empty. Emits are anchored to all its inputs.
  virtual void on_window(const View& window) = 0;
  /// In place of open() and close().
  virtual Status on_open(Context&) { return {}; }
  virtual void on_close() {}

  struct Options {
    WindowLength size;
    std::optional<WindowLength> slide;
    std::function<Key(const In&)> key;
    WindowLimits limits;
  };
  explicit WindowBoltBase(Options options)
      : windows_(make_grid(options.size, options.slide)),
        counts_are_positions_(options.size.is_count()),
        key_(std::move(options.key)),
        limits_(options.limits) {
    require_key(key_ != nullptr, !std::is_same_v<Key, NoKey>);
  }

  virtual void start() {}
  virtual void on_alarm() = 0;
  virtual void retry() = 0;

  [[nodiscard]] const Clock& clock() const noexcept { return context_->clock(); }
  [[nodiscard]] Key key_of(const In& in) const {
    if constexpr (std::is_same_v<Key, NoKey>) {
      return {};
    } else {
      return key_(in);
    }
  }
  void require_room(const Key& key) {
    ++inputs_;
    if (windows_.held() >= limits_.max_inputs) require_room_for_input(windows_.held(), limits_);
    if (windows_.keys() >= limits_.max_keys && !windows_.has_key(key))
      require_room_for_key(windows_.keys(), limits_);
  }
  [[nodiscard]] auto shower() {
    return [this](const Key& key, std::int64_t number, std::int64_t start,
                  typename Store::Content content,
                  TreeRef ref) { return show(key, number, start, content, ref); };
  }
  /// When the run of inputs began that is being executed, or when a window was shown in it.
  [[nodiscard]] Instant now() { return run_clock_.now(clock()); }

  KeyedWindows<Store, Key> windows_;
  WindowCounts counts_;
  Alarm alarm_;

 private:
  using BoltBase::take;  // the windows' own: what on_window() emits may have the count already

  WindowOutcome show(const Key& key, std::int64_t number, std::int64_t start,
                     typename Store::Content content, TreeRef ref) {
    WallTime from{};
    WallTime to{};
    if (!counts_are_positions_) {
      from = from_millis(start);
      to = from_millis(windows_.grid().end(start));
    }
    run_clock_.reset();
    ExecutorContext& executor = *ExecutorContext::current();
    bool is_ours = true;
    try {
      is_ours = execute_as(executor, ref, [&] { on_window({{key, number, from, to}, content}); });
    } catch (const Unavailable& e) {
      ++counts_.retries;
      context_->report_error(std::string{"a window is kept and tried again: "} + e.what());
      const Instant now = clock().now();
      retry_alarm_.set(now + limits_.retry_after, now);
      return WindowOutcome::kRetry;
    } catch (...) {
      ++counts_.failed;
      Thrown thrown = describe_current_exception();
      executor.fail(ref, thrown.kind, std::move(thrown.reason));
      executor.release(ref);
      return WindowOutcome::kDone;
    }
    ++counts_.windows;
    if (is_ours) executor.release(ref);
    return WindowOutcome::kDone;
  }

  void watch_for_starving() {
    const std::uint64_t progress = inputs_ + counts_.windows + counts_.failed;
    const bool starves = progress == progress_seen_ && windows_.held() >= limits_.starved_inputs;
    if (starves && !starving_reported_)
      context_->report_error(starved_text(windows_.held(), limits_));
    starving_reported_ = starves;
    progress_seen_ = progress;
  }

  const bool counts_are_positions_;
  std::function<Key(const In&)> key_;
  const WindowLimits limits_;
  RunClock run_clock_;
  std::optional<Context> context_;
  Alarm retry_alarm_;
  std::uint64_t inputs_ = 0;
  std::uint64_t progress_seen_ = 0;
  bool starving_reported_ = false;
};

}  // namespace bora::internal
