#include "connectors/multilang/child_run.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <poll.h>
#include <unistd.h>
#include <utility>

#include "connectors/multilang/codec.hpp"

namespace bora::multilang::internal {

namespace {

using std::chrono::milliseconds;

constexpr std::size_t kChunk = std::size_t{64} << 10;
/// The process' end is looked for this often even if it closes no pipe.
constexpr milliseconds kLongestSleep{500};
constexpr milliseconds kTermGrace{500};

/// Bytes that can be read now. Nothing: the other end is closed.
std::optional<std::size_t> read_some(const Fd& fd, std::array<char, kChunk>& buffer) {
  ssize_t count = 0;
  do {
    count = ::read(fd.get(), buffer.data(), buffer.size());
  } while (count < 0 && errno == EINTR);
  if (count > 0) return static_cast<std::size_t>(count);
  if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return 0;
  return std::nullopt;
}

std::string seconds_text(milliseconds time) {
  std::string text = std::to_string(static_cast<double>(time.count()) / 1000);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text + " s";
}

}  // namespace

ChildRun::ChildRun(const ChildSetup& setup, std::uint64_t run)
    : setup_(setup),
      run_(run),
      frames_(setup.options.max_message_bytes),
      stderr_([this](std::string_view line) { log(LogLevel::kInfo, line); }) {}

std::string ChildRun::live() {
  auto started = Process::start(setup_.options.process);
  if (!started) return std::string(started.status().message());
  process_.emplace(std::move(started).value());
  auto hello = handshake_message(setup_.handshake, setup_.pid_directory);
  if (!hello) return std::string(hello.status().message());
  out_ = std::move(hello).value();
  asked_at_ = heard_at_ = beat_at_ = setup_.clock.now();

  serve();
  if (!fault_) {
    end_in_order();
    return "it was stopped";
  }
  end_after_fault();
  std::string reason = "its child " + setup_.options.process.command.front() + " (pid " +
                       std::to_string(process_->pid()) + ") " + *fault_;
  if (!last_error_.empty()) reason += "; the last error that it reported: " + last_error_;
  const std::string words = stderr_.last();
  if (!words.empty()) reason += "; its last words on standard error: " + words;
  return reason;
}

void ChildRun::serve() {
  while (!fault_ && !setup_.box.is_stopping()) {
    refill();
    beat();
    wait_for_work();
    write_input();
    read_errors();
    read_output();
    watch();
  }
}

/// More to write, when what was there is written: whole messages, so that a heartbeat or an answer waits
/// for one chunk of tuples at most.
void ChildRun::refill() {
  if (written_ < out_.size() || phase_ == Phase::kStarting) return;
  out_.clear();
  written_ = 0;
  if (const std::size_t answered = setup_.box.take_answers(run_, out_); answered > 0) {
    awaited_ -= answered;
    note_life();  // it could not say anything before
  }
  if (phase_ == Phase::kInitialising) return;
  if (setup_.role == Role::kBolt) {
    setup_.box.take_messages(run_, kChunk, kChunk, out_);
  } else if (!owes_answer_) {
    const std::size_t before = out_.size();
    setup_.box.take_messages(run_, 1, kChunk, out_);
    owes_answer_ = out_.size() > before;
    asked_at_ = setup_.clock.now();
  }
}

void ChildRun::beat() {
  if (setup_.role != Role::kBolt || phase_ != Phase::kUp || owes_answer_) return;
  const Instant now = setup_.clock.now();
  if (now - beat_at_ < setup_.options.heartbeat_interval) return;
  // Behind the message that is being written, ahead of every one that waits here.
  const std::string beat = heartbeat_message(++beats_);
  if (written_ == 0) {
    out_.insert(0, beat);
  } else {
    out_ += beat;
  }
  beat_at_ = asked_at_ = now;
  owes_answer_ = true;
}

void ChildRun::wait_for_work() {
  // Whoever owns it is slow: that is not its fault. It does not read its answers: that is.
  is_owner_slow_ = !setup_.box.has_room();
  is_reading_ = !is_owner_slow_ && setup_.box.answer_bytes() < setup_.options.max_waiting_bytes;
  const bool has_work = written_ < out_.size();
  std::array<::pollfd, 4> fds{{{setup_.box.wake_descriptor(), POLLIN, 0},
                               {has_work ? process_->input().get() : -1, POLLOUT, 0},
                               {is_reading_ ? process_->output().get() : -1, POLLIN, 0},
                               {process_->errors().get(), POLLIN, 0}}};
  const auto longest = std::min(kLongestSleep, setup_.options.heartbeat_interval);
  const int ready =
      ::poll(fds.data(), fds.size(), static_cast<int>(std::max(longest, milliseconds{1}).count()));
  is_idle_ = ready == 0;
  if (fds[0].revents != 0) setup_.box.clear_wake();
}

void ChildRun::write_input() {
  if (written_ == out_.size() || !process_->input().is_open()) return;
  // Its death is no signal to this process: whoever embeds the engine may not ignore SIGPIPE. A thread
  // gets its own, so blocking it here and taking it back is enough.
  ::sigset_t pipe_signal;
  ::sigset_t before;
  ::sigemptyset(&pipe_signal);
  ::sigaddset(&pipe_signal, SIGPIPE);
  ::pthread_sigmask(SIG_BLOCK, &pipe_signal, &before);
  const auto count =
      ::write(process_->input().get(), out_.data() + written_, out_.size() - written_);
  const int error = errno;
  if (count < 0 && error == EPIPE) {
    const ::timespec now{};
    ::sigtimedwait(&pipe_signal, nullptr, &now);
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (count > 0) written_ += static_cast<std::size_t>(count);
  // What it has said before is read first: its end is seen there.
  if (count < 0 && error == EPIPE) process_->close_input();
}

void ChildRun::read_errors() {
  if (!process_->errors().is_open()) return;
  std::array<char, kChunk> buffer;
  const auto count = read_some(process_->errors(), buffer);
  if (!count) return process_->close_errors();
  stderr_.append({buffer.data(), *count}, setup_.clock.now());
}

void ChildRun::read_output() {
  if (!is_reading_ || fault_) return;
  std::array<char, kChunk> buffer;
  const auto count = read_some(process_->output(), buffer);
  if (!count) return fail("closed its standard output");
  if (*count == 0) return;
  frames_.append({buffer.data(), *count});
  while (!fault_) {
    const auto message = frames_.next();
    if (!message) return fail("was killed: " + message.error().message);
    if (!message->has_value()) return;
    take(**message);
  }
}

void ChildRun::take(std::string_view bytes) {
  if (is_ending_) return;
  auto message = parse_message(bytes);
  if (!message) return fail("was killed: " + message.error().message);
  note_life();
  if (phase_ == Phase::kStarting) return take_hello(*message);
  if (std::holds_alternative<Hello>(*message))
    return fail("was killed: it said its pid a second time");
  if (const auto* line = std::get_if<LogLine>(&*message)) return log(line->level, line->text);
  if (const auto* error = std::get_if<ErrorReport>(&*message))
    last_error_ = error->text.substr(0, StderrLines::kLongest);
  if (std::holds_alternative<Sync>(*message)) {
    owes_answer_ = false;
    if (phase_ == Phase::kInitialising) return take_ready();
    if (setup_.role == Role::kBolt) return;
  }
  if (const auto* emit = std::get_if<Emit>(&*message))
    if (emit->wants_ids()) ++awaited_;
  setup_.box.push({run_, std::move(message).value()}, bytes.size());
}

void ChildRun::take_hello(const ChildMessage& message) {
  const auto* hello = std::get_if<Hello>(&message);
  if (hello == nullptr)
    return fail("was killed: its first message was not its pid, as the handshake asks for");
  pid_ = hello->pid;
  phase_ = Phase::kInitialising;
  // The first thing that it is asked for: its answer shows that it has initialised itself. Only then a
  // tuple is sent, so that a child that cannot begin at all takes none with it.
  out_.erase(0, written_);
  written_ = 0;
  out_ += setup_.role == Role::kBolt ? heartbeat_message(++beats_) : command_message("activate");
}

void ChildRun::take_ready() {
  phase_ = Phase::kUp;
  beat_at_ = setup_.clock.now();
  log(LogLevel::kInfo,
      "child " + setup_.options.process.command.front() + " is ready, pid " + std::to_string(pid_));
  setup_.box.push({run_, ChildStarted{pid_}}, 0);
}

/// Finds out whether it still lives, after all that it said until now was read.
void ChildRun::watch() {
  if (fault_) return;
  // When it is gone so is what it started, and with that every end of its pipes: serve() sees that.
  if (is_idle_) static_cast<void>(process_->try_reap());
  if (is_owner_slow_ || (phase_ == Phase::kUp && awaited_ > 0)) return note_life();
  if (!owes_answer_) return;
  const auto& options = setup_.options;
  if (phase_ != Phase::kUp) {
    if (setup_.clock.now() - asked_at_ > options.start_timeout) {
      fail("was killed: it was not ready " + seconds_text(options.start_timeout) +
           " after its start (it answers the handshake with its pid, then the first " +
           (setup_.role == Role::kBolt ? "heartbeat" : "command") + " with a sync)");
    }
    return;
  }
  if (setup_.clock.now() - std::max(asked_at_, heard_at_) > options.heartbeat_timeout) {
    fail("was killed: it hangs, it owes an answer and said nothing for " +
         seconds_text(options.heartbeat_timeout));
  }
}

void ChildRun::fail(std::string why) {
  if (!fault_) fault_ = std::move(why);
}

void ChildRun::end_in_order() {
  is_ending_ = true;
  process_->close_input();
  if (wait_end(setup_.options.stop_grace)) return;
  process_->signal(SIGTERM);
  if (wait_end(kTermGrace)) return;
  log(LogLevel::kWarn, "the child did not end when it was stopped, and is killed");
}

/// Whatever it says now counts no more, but for its last words.
void ChildRun::end_after_fault() {
  is_ending_ = true;
  const bool is_closed = *fault_ == "closed its standard output";
  process_->close_input();
  bool has_ended = is_closed && wait_end(kTermGrace);
  if (!has_ended) {
    process_->signal(SIGKILL);
    has_ended = wait_end(kTermGrace);
  }
  if (is_closed && has_ended) fault_ = "ended with " + process_->try_reap().value_or("no status");
  stderr_.finish(setup_.clock.now());
}

bool ChildRun::wait_end(milliseconds timeout) {
  constexpr milliseconds kPeriod{5};
  // By count and not by clock, which may be one that nobody moves.
  for (auto waited = milliseconds{0};; waited += kPeriod) {
    const bool has_ended = process_->try_reap().has_value();
    read_errors();
    if (!has_ended) {
      // Or it would wait for ever in a write to a full pipe.
      std::array<char, kChunk> dropped;
      while (process_->output().is_open()) {
        const auto count = read_some(process_->output(), dropped);
        if (!count) process_->close_output();
        if (count.value_or(0) == 0) break;
      }
    }
    if (has_ended || waited >= timeout) return has_ended;
    ::poll(nullptr, 0, static_cast<int>(kPeriod.count()));
  }
}

void ChildRun::log(LogLevel level, std::string_view text) const {
  if (setup_.options.on_log) setup_.options.on_log(level, text);
}

}  // namespace bora::multilang::internal
