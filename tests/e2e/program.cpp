#include "e2e/program.hpp"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <sys/wait.h>
#include <system_error>
#include <thread>
#include <unistd.h>
#include <utility>

#include "bora/check.hpp"

namespace bora::e2e {

namespace {

using Steady = std::chrono::steady_clock;
constexpr std::chrono::milliseconds kLookEvery{2};

std::size_t size_of(const std::filesystem::path& path) {
  std::error_code missing;
  const auto size = std::filesystem::file_size(path, missing);
  return missing ? 0 : static_cast<std::size_t>(size);
}

}  // namespace

Program::Program(const std::string& program, std::vector<std::string> arguments,
                 std::filesystem::path output)
    : output_(std::move(output)), begins_at_(size_of(output_)) {
  // All that allocates happens before the fork: other threads of the test may hold locks.
  std::vector<char*> argv{const_cast<char*>(program.c_str())};
  for (std::string& argument : arguments)
    argv.push_back(argument.data());
  argv.push_back(nullptr);
  const int file = ::open(output_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  BORA_CHECK(file >= 0, output_.string());
  child_ = ::fork();
  BORA_CHECK(child_ >= 0, "no process");
  if (child_ == 0) {
    ::dup2(file, STDOUT_FILENO);
    ::dup2(file, STDERR_FILENO);
    ::execv(program.c_str(), argv.data());
    ::_exit(127);
  }
  ::close(file);
}

Program::~Program() {
  if (!code_) kill();
  keep_output();
}

void Program::keep_output() const {
  const char* const directory = std::getenv("BORA_KEEP_OUTPUT");
  if (directory == nullptr || *directory == '\0') return;
  std::ofstream copy{std::filesystem::path(directory) /
                         (output_.filename().string() + "." + std::to_string(child_)),
                     std::ios::binary};
  copy << output();
}

void Program::signal(int number) {
  if (!code_) ::kill(child_, number);
}

void Program::kill() {
  signal(SIGKILL);
  wait(std::chrono::seconds{30});
}

std::optional<int> Program::wait(std::chrono::milliseconds timeout) {
  const auto deadline = Steady::now() + timeout;
  while (!code_) {
    int status = 0;
    const pid_t ended = ::waitpid(child_, &status, WNOHANG);
    BORA_CHECK(ended >= 0 || errno == EINTR, "no such child");
    if (ended == child_)
      code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    else if (Steady::now() >= deadline)
      return std::nullopt;
    else
      std::this_thread::sleep_for(kLookEvery);
  }
  return code_;
}

std::string Program::output() const {
  std::ifstream file{output_, std::ios::binary};
  file.seekg(static_cast<std::streamoff>(begins_at_));
  return {std::istreambuf_iterator<char>{file}, {}};
}

bool Program::wait_for(const std::string& text, std::chrono::milliseconds timeout) {
  const auto deadline = Steady::now() + timeout;
  for (;;) {
    const bool has_ended = wait(std::chrono::milliseconds{0}).has_value();  // before the look
    if (output().find(text) != std::string::npos) return true;
    if (has_ended || Steady::now() >= deadline) return false;
    std::this_thread::sleep_for(kLookEvery);
  }
}

std::string Program::text_after(const std::string& before) const {
  const std::string all = output();
  const std::size_t at = all.find(before);
  if (at == std::string::npos) return {};
  const std::size_t begin = at + before.size();
  return all.substr(begin, all.find('"', begin) - begin);
}

}  // namespace bora::e2e
