#include "host/log.hpp"

#include <atomic>
#include <mutex>
#include <unistd.h>
#include <utility>

#include "host/line_writer.hpp"
#include "host/log_format.hpp"
#include "host/log_tail.hpp"
#include "host/repeat_limit.hpp"

namespace bora::host {

namespace {

constexpr std::size_t kTailLines = 1'000;
constexpr std::size_t kTailBytes = std::size_t{512} << 10;

/// The fields that say of whom a line is.
bool names_a_subject(std::string_view field) noexcept {
  return field == "component" || field == "service" || field == "topology";
}

// What makes two lines repeats of each other: the same was said of the same subject.
std::string key_of(LogLevel level, std::string_view msg, std::initializer_list<LogField> fields) {
  std::string key{to_string(level)};
  key += ' ';
  key += msg;
  for (const LogField& field : fields)
    if (const auto* text = std::get_if<std::string_view>(&field.value);
        text != nullptr && names_a_subject(field.key)) {
      key += ' ';
      key += *text;
    }
  return key;
}

}  // namespace

std::string_view to_string(LogLevel level) noexcept {
  switch (level) {
    case LogLevel::kDebug: return "debug";
    case LogLevel::kInfo: return "info";
    case LogLevel::kWarn: return "warn";
    case LogLevel::kError: return "error";
  }
  return "unknown";
}

class Log::Impl {
 public:
  explicit Impl(LogOptions options)
      : options_(std::move(options)),
        level_(options_.level),
        limit_(options_.repeats, options_.interval) {
    if (options_.clock == nullptr) options_.clock = &machine_clock_;
    if (options_.sink) return;
    stderr_ = std::make_unique<LineWriter>(STDERR_FILENO, [this](std::uint64_t lost) {
      return line(LogLevel::kWarn, "lines of this log were dropped: its reader is too slow",
                  {{"lines", lost}}, 0);
    });
    options_.sink = [this](std::string_view line) { stderr_->push(line); };
  }

  void write(LogLevel level, std::string_view msg, Fields fields) {
    if (level < level_) return;
    const std::lock_guard lock{mutex_};
    const auto held_back = limit_.admit(key_of(level, msg, fields), options_.clock->now());
    if (!held_back) return;
    const WallTime now = options_.clock->wall_now();
    const std::string text = format_line(options_.format, now, level, msg, fields, *held_back);
    tail_.push(options_.format == LogFormat::kJson
                   ? text
                   : format_line(LogFormat::kJson, now, level, msg, fields, *held_back));
    options_.sink(text + '\n');
  }
  void set_level(LogLevel level) noexcept { level_ = level; }
  [[nodiscard]] LogLevel level() const noexcept { return level_; }
  [[nodiscard]] std::vector<std::string> tail(std::size_t limit) const {
    const std::lock_guard lock{mutex_};
    return tail_.last(limit);
  }
  void follow(std::size_t limit, LogTail::Watcher watcher) {
    const std::lock_guard lock{mutex_};
    tail_.watch(limit, std::move(watcher));
  }

 private:
  [[nodiscard]] std::string line(LogLevel level, std::string_view msg, Fields fields,
                                 std::uint64_t suppressed) const {
    return format_line(options_.format, options_.clock->wall_now(), level, msg, fields,
                       suppressed) +
           '\n';
  }

  LogOptions options_;
  SystemClock machine_clock_;
  std::atomic<LogLevel> level_;
  mutable std::mutex mutex_;  // guards what follows; keeps the lines in the order of their times
  RepeatLimit limit_;
  LogTail tail_{kTailLines, kTailBytes};
  std::unique_ptr<LineWriter> stderr_;  // last: its thread reads the options until it ends
};

Log::Log(LogOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}
Log::~Log() = default;
void Log::write(LogLevel level, std::string_view msg, Fields fields) {
  impl_->write(level, msg, fields);
}
void Log::set_level(LogLevel level) noexcept { impl_->set_level(level); }
LogLevel Log::level() const noexcept { return impl_->level(); }
std::vector<std::string> Log::tail(std::size_t limit) const { return impl_->tail(limit); }
void Log::follow(std::size_t limit, std::function<bool(std::string_view line)> watcher) {
  impl_->follow(limit, std::move(watcher));
}

}  // namespace bora::host
