#include "host/log.hpp"

#include <mutex>
#include <unistd.h>
#include <utility>

#include "host/line_writer.hpp"
#include "host/log_format.hpp"
#include "host/repeat_limit.hpp"

namespace bora::host {

namespace {

// What makes two lines repeats of each other.
std::string key_of(LogLevel level, std::string_view msg, std::initializer_list<LogField> fields) {
  std::string key{to_string(level)};
  key += ' ';
  key += msg;
  for (const LogField& field : fields)
    if (const auto* text = std::get_if<std::string_view>(&field.value);
        text != nullptr && field.key == "component") {
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
      : options_(std::move(options)), limit_(options_.repeats, options_.interval) {
    if (options_.clock == nullptr) options_.clock = &machine_clock_;
    if (options_.sink) return;
    stderr_ = std::make_unique<LineWriter>(STDERR_FILENO, [this](std::uint64_t lost) {
      return line(LogLevel::kWarn, "lines of this log were dropped: its reader is too slow",
                  {{"lines", lost}}, 0);
    });
    options_.sink = [this](std::string_view line) { stderr_->push(line); };
  }

  void write(LogLevel level, std::string_view msg, Fields fields) {
    if (level < options_.level) return;
    const std::lock_guard lock{mutex_};
    const auto held_back = limit_.admit(key_of(level, msg, fields), options_.clock->now());
    if (!held_back) return;
    options_.sink(line(level, msg, fields, *held_back));
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
  std::mutex mutex_;  // guards limit_; keeps the lines in the order of their times
  RepeatLimit limit_;
  std::unique_ptr<LineWriter> stderr_;  // last: its thread reads the options until it ends
};

Log::Log(LogOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}
Log::~Log() = default;
void Log::write(LogLevel level, std::string_view msg, Fields fields) {
  impl_->write(level, msg, fields);
}

}  // namespace bora::host
