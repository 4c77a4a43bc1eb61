#include "connectors/multilang/child.hpp"

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <system_error>
#include <thread>
#include <unistd.h>

#include "bora/check.hpp"
#include "connectors/multilang/child_box.hpp"
#include "connectors/multilang/child_run.hpp"

namespace bora::multilang {

namespace {

using std::chrono::milliseconds;

/// Where children leave a file named by their pid, as the protocol asks for. Nobody reads it: we know
/// our children.
class PidDirectory {
 public:
  Status make() {
    // The working directory where there is no place for temporary files, as in a container whose root
    // is read-only.
    std::error_code failed;
    std::string faults;
    for (const auto& parent :
         {std::filesystem::temp_directory_path(failed), std::filesystem::current_path(failed)}) {
      std::string name = (parent / "bora-multilang-XXXXXX").string();
      if (::mkdtemp(name.data()) != nullptr) {
        path_ = std::move(name);
        return {};
      }
      faults += "; " + name + ": " + std::generic_category().message(errno);
    }
    return {ErrorKind::kInvalid,
            "cannot make a directory for a child's pid, set TMPDIR to where it can" + faults};
  }
  ~PidDirectory() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace

class Child::Impl {
 public:
  Impl(Role role, ChildOptions options, Handshake handshake, const Clock& clock)
      : role_(role),
        options_(std::move(options)),
        handshake_(std::move(handshake)),
        clock_(clock),
        box_(options_.max_waiting_bytes) {}
  ~Impl() { stop(); }

  Status start(std::function<void()> wake) {
    BORA_CHECK(!thread_.joinable(), "a child is started twice");
    if (Status made = pids_.make(); !made) return made;
    thread_ = std::thread{[this] { run(); }};
    if (Status ready = wait_ready(); !ready) {
      stop();
      return ready;
    }
    box_.on_event(wake);
    wake();  // for the first event
    return {};
  }
  std::size_t poll(std::vector<ChildEvent>& out) {
    const std::size_t before = out.size();
    out.insert(out.end(), early_.begin(), early_.end());
    early_.clear();
    box_.take_events(out);
    return out.size() - before;
  }
  bool wait(milliseconds timeout) { return !early_.empty() || box_.wait_event(timeout); }
  void stop() {
    box_.stop();
    if (thread_.joinable()) thread_.join();
  }
  internal::ChildBox& box() { return box_; }

 private:
  static constexpr milliseconds kSlack{5'000};

  Status wait_ready();
  void run();
  void pause(std::chrono::nanoseconds delay);
  void log(LogLevel level, std::string_view text) const {
    if (options_.on_log) options_.on_log(level, text);
  }

  const Role role_;
  const ChildOptions options_;
  const Handshake handshake_;
  const Clock& clock_;
  PidDirectory pids_;
  internal::ChildBox box_;
  std::vector<ChildEvent> early_;  // that start() took; the owner's
  std::thread thread_;
};

/// Until it is ready or has died; what it says meanwhile is kept for poll().
Status Child::Impl::wait_ready() {
  while (box_.wait_event(options_.start_timeout + kSlack)) {
    const std::size_t known = early_.size();
    box_.take_events(early_);
    for (std::size_t i = known; i < early_.size(); ++i) {
      if (std::holds_alternative<ChildStarted>(early_[i].what)) return {};
      if (const auto* died = std::get_if<ChildDied>(&early_[i].what))
        return {ErrorKind::kInvalid, died->reason};
    }
  }
  return {ErrorKind::kInvalid, "its child was not ready in time"};
}

/// One after the other, but for a first one that does not get ready: then start() has failed.
void Child::Impl::run() {
  const internal::ChildSetup setup{role_, options_, handshake_, pids_.path(), clock_, box_};
  std::uint32_t failures = 0;
  for (std::uint64_t run = 1; !box_.is_stopping(); ++run) {
    const Instant began = clock_.now();
    internal::ChildRun child{setup, run};
    const std::string reason = child.live();
    if (box_.is_stopping()) return;
    if (run == 1 && !child.was_ready()) return box_.push({run, ChildDied{reason}}, reason.size());
    if (clock_.now() - began >= options_.steady_after) failures = 0;
    ++failures;
    const auto delay = options_.restart.delay_after(failures, run);
    const auto ms = std::chrono::duration_cast<milliseconds>(delay).count();
    log(LogLevel::kError, reason + "; started again in " + std::to_string(ms) + " ms");
    box_.push({run, ChildDied{reason}}, reason.size());
    pause(delay);
  }
}

void Child::Impl::pause(std::chrono::nanoseconds delay) {
  const Instant until = clock_.now() + delay;
  constexpr milliseconds kShort{20};  // the clock may be moved by a test
  while (clock_.now() < until && !box_.wait_stop(kShort)) {
  }
}

Child::Child(Role role, ChildOptions options, Handshake handshake, const Clock& clock)
    : impl_(std::make_unique<Impl>(role, std::move(options), std::move(handshake), clock)) {}
Child::~Child() = default;

Status Child::start(std::function<void()> wake) { return impl_->start(std::move(wake)); }
void Child::send(std::uint64_t run, std::string message) {
  impl_->box().send(run, std::move(message));
}
void Child::answer(std::uint64_t run, std::string message) {
  impl_->box().answer(run, std::move(message));
}
std::size_t Child::poll(std::vector<ChildEvent>& out) { return impl_->poll(out); }
bool Child::wait(milliseconds timeout) { return impl_->wait(timeout); }
void Child::stop() { impl_->stop(); }

}  // namespace bora::multilang
