#include <algorithm>
#include <condition_variable>
#include <fcntl.h>
#include <mutex>
#include <sys/file.h>
#include <thread>
#include <unistd.h>
#include <utility>

#include "services/gateway/gateway_parts.hpp"
#include "services/gateway/output.hpp"

namespace bora::gateway {
namespace {

/// Two outputs would each be in order, and together not. The lock goes with the process.
class OutputLock {
 public:
  explicit OutputLock(const std::string& path)
      : file_(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)),
        is_held_(file_ >= 0 && ::flock(file_, LOCK_EX | LOCK_NB) == 0) {}
  ~OutputLock() {
    if (file_ >= 0) ::close(file_);
  }
  OutputLock(const OutputLock&) = delete;
  OutputLock& operator=(const OutputLock&) = delete;
  [[nodiscard]] bool is_held() const noexcept { return is_held_; }

 private:
  const int file_;
  const bool is_held_;
};

}  // namespace

/// The thread that steps the output.
class OutputPart::Runner {
 public:
  Runner(std::unique_ptr<OutputLock> lock, std::unique_ptr<Outbox> outbox,
         const GatewayIdentity& identity, const OutputOptions& options, const MakeSink& make_sink,
         const Clock& clock)
      : lock_(std::move(lock)),
        outbox_(std::move(outbox)),
        output_(*outbox_, make_sink, identity, options, clock) {
    output_.on_wake([this] { wake(); });
    thread_ = std::thread{[this] { work(); }};
  }
  ~Runner() { stop({}); }
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;

  void stop(std::chrono::milliseconds deadline) {
    {
      const std::lock_guard lock{mutex_};
      stop_at_ = std::min(stop_at_, std::chrono::steady_clock::now() + deadline);
    }
    wake();
    if (thread_.joinable()) thread_.join();
  }

 private:
  void wake() {
    {
      const std::lock_guard lock{mutex_};
      is_woken_ = true;
    }
    changed_.notify_one();
  }

  void work() {
    for (;;) {
      const Instant next = output_.step();
      std::unique_lock lock{mutex_};
      const auto until = std::min(next, Instant{stop_at_});
      changed_.wait_until(lock, until, [this] { return is_woken_; });
      is_woken_ = false;
      if (stop_at_ == kNever) continue;
      output_.drain();
      if (output_.is_idle() || std::chrono::steady_clock::now() >= stop_at_) break;
    }
    output_.step();  // what was acknowledged last is removed
  }

  static constexpr auto kNever = std::chrono::steady_clock::time_point::max();

  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_woken_ = false;                                   // guarded by mutex_
  std::chrono::steady_clock::time_point stop_at_ = kNever;  // guarded by mutex_
  // The thread's. The sink wakes through the above, so it goes before.
  std::unique_ptr<OutputLock> lock_;
  std::unique_ptr<Outbox> outbox_;
  Output output_;
  std::thread thread_;
};

OutputPart::OutputPart(const GatewayOptions& options, GatewayIdentity identity, MakeSink make_sink,
                       const Clock& clock)
    : options_(options), identity_(identity), make_sink_(std::move(make_sink)), clock_(clock) {}
OutputPart::~OutputPart() = default;

Status OutputPart::start() {
  auto outbox = open_outbox(options_, sqlite::DatabaseOptions::Durability::kNormal);
  if (!outbox) return outbox.status();
  auto lock = std::make_unique<OutputLock>(options_.outbox + ".output");
  if (!lock->is_held()) {
    return {ErrorKind::kUnavailable,
            "could not publish from " + options_.outbox + ": another process does; stop it first"};
  }
  runner_ = std::make_unique<Runner>(std::move(lock), *std::move(outbox), identity_,
                                     options_.output(), make_sink_, clock_);
  return {};
}

void OutputPart::stop(std::chrono::milliseconds deadline) {
  if (runner_ != nullptr) runner_->stop(deadline);
  runner_.reset();
}

std::vector<host::Sample> OutputPart::samples() const {
  // A connection for each look: looks are rare, and the thread's own is the thread's.
  const auto outbox = Outbox::open_read_only(options_.outbox);
  if (!outbox) return {};
  const auto summary = (*outbox)->summary();
  if (!summary) return {};
  const auto age = summary->oldest ? clock_.wall_now() - *summary->oldest : std::chrono::seconds{0};
  using Kind = host::Sample::Kind;
  return {{.name = "gateway_outbox_messages",
           .help = "Messages that wait for the broker.",
           .kind = Kind::kGauge,
           .value = static_cast<double>(summary->rows)},
          {.name = "gateway_outbox_bytes",
           .help = "Their bytes.",
           .kind = Kind::kGauge,
           .value = static_cast<double>(summary->bytes)},
          {.name = "gateway_outbox_oldest_seconds",
           .help = "How long the oldest of them has waited.",
           .kind = Kind::kGauge,
           .value = std::chrono::duration<double>(age).count()},
          {.name = "gateway_delivered_messages_total",
           .help = "Messages that a broker acknowledged, since the outbox was made.",
           .kind = Kind::kCounter,
           .value = static_cast<double>(summary->delivered)}};
}

}  // namespace bora::gateway
