#include "host/signals.hpp"

#include <array>
#include <atomic>
#include <cerrno>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>
#include <utility>

#include "bora/check.hpp"

namespace bora::host {

namespace {

constexpr char kSignal = 's';
constexpr char kEnd = 'e';
constexpr std::array kWatched{SIGTERM, SIGINT};

// Where the handler writes. A handler has no other way to a SignalWatch than a global.
std::atomic<int> pipe_in{-1};
static_assert(std::atomic<int>::is_always_lock_free, "used in a signal handler");

int pipe_out = -1;
std::array<struct sigaction, kWatched.size()> former_actions;
struct sigaction former_pipe_action;

extern "C" void bora_on_signal(int) {
  const int saved = errno;
  // A full pipe holds thousands of signals that are still to be told: one more says nothing new.
  [[maybe_unused]] const auto written = ::write(pipe_in.load(), &kSignal, 1);
  errno = saved;
}

}  // namespace

SignalWatch::SignalWatch(std::function<void(std::uint32_t nth)> on_signal)
    : on_signal_(std::move(on_signal)) {
  BORA_CHECK(pipe_in.load() == -1, "one SignalWatch per process");
  std::array<int, 2> ends{};
  BORA_CHECK(::pipe2(ends.data(), O_CLOEXEC) == 0, "no pipe for signals: out of descriptors?");
  pipe_out = ends[0];
  pipe_in = ends[1];
  BORA_CHECK(::fcntl(ends[1], F_SETFL, O_NONBLOCK) == 0, "a pipe can be set not to block");
  thread_ = std::thread{[this] { work(); }};
  struct sigaction action {};
  action.sa_handler = bora_on_signal;
  action.sa_flags = SA_RESTART;
  for (std::size_t i = 0; i < kWatched.size(); ++i)
    ::sigaction(kWatched[i], &action, &former_actions[i]);
  action.sa_handler = SIG_IGN;
  ::sigaction(SIGPIPE, &action, &former_pipe_action);
}

SignalWatch::~SignalWatch() {
  for (std::size_t i = 0; i < kWatched.size(); ++i)
    ::sigaction(kWatched[i], &former_actions[i], nullptr);
  ::sigaction(SIGPIPE, &former_pipe_action, nullptr);
  while (::write(pipe_in.load(), &kEnd, 1) != 1) {
  }
  thread_.join();
  ::close(pipe_in.exchange(-1));
  ::close(pipe_out);
}

void SignalWatch::work() {
  std::uint32_t nth = 0;
  char byte = 0;
  while (true) {
    const auto got = ::read(pipe_out, &byte, 1);
    if (got < 0 && errno == EINTR) continue;
    if (got != 1 || byte == kEnd) return;
    on_signal_(++nth);
  }
}

}  // namespace bora::host
