#include "connectors/multilang/process.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;  // NOLINT(readability-identifier-naming): POSIX names it

namespace bora::multilang {

namespace {

struct Pipe {
  Fd read, write;
};

std::string text_of(int error) { return std::generic_category().message(error); }

/// An end of a pipe, above the three standard descriptors: where one of those is closed, the system
/// would give its number, and the child's dup2() calls would overwrite it.
Result<Fd> above_standard(int fd) {
  if (fd > STDERR_FILENO) return Fd{fd};
  const Fd low{fd};
  const int high = ::fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  if (high < 0) return Error{ErrorKind::kUnavailable, "no descriptor: " + text_of(errno)};
  return Fd{high};
}

Result<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0)
    return Error{ErrorKind::kUnavailable, "no pipe to a child process: " + text_of(errno)};
  Result<Fd> read = above_standard(ends[0]);
  Result<Fd> write = above_standard(ends[1]);
  if (!read) return read.status();
  if (!write) return write.status();
  return Pipe{std::move(read).value(), std::move(write).value()};
}

bool is_program(const std::string& path) { return ::access(path.c_str(), X_OK) == 0; }

/// The file to run: found here, as looking for it in the child would have to allocate.
Result<std::string> find_program(const std::string& name) {
  if (name.find('/') != std::string::npos) return name;
  const char* path = std::getenv("PATH");  // NOLINT(concurrency-mt-unsafe): nobody sets it
  std::string_view left = path == nullptr ? "/usr/local/bin:/usr/bin:/bin" : path;
  while (!name.empty() && !left.empty()) {
    const std::size_t colon = std::min(left.find(':'), left.size());
    const std::string candidate = std::string(left.substr(0, colon)) + '/' + name;
    if (is_program(candidate)) return candidate;
    left.remove_prefix(std::min(colon + 1, left.size()));
  }
  return Error{ErrorKind::kInvalid, "there is no program '" + name +
                                        "' in PATH: install it, or give the command with its path"};
}

std::vector<std::string> environment_with(
    const std::vector<std::pair<std::string, std::string>>& added) {
  std::vector<std::string> all;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    bool is_replaced = false;
    for (const auto& [name, value] : added)
      is_replaced |= text.substr(0, name.size() + 1) == name + '=';
    if (!is_replaced) all.emplace_back(text);
  }
  for (const auto& [name, value] : added)
    all.push_back(name + '=' + value);
  return all;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (std::string& text : texts)
    pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

/// What the child needs between fork() and execve(): made before, as it may not allocate there.
struct Launch {
  const char* program;
  const char* directory;  // null: stay
  char* const* arguments;
  char* const* environment;
  int input, output, errors;
  int report;  // says why it failed; closed by a successful execve()
  pid_t parent;
};

struct Trouble {
  enum class Step : int { kDirectory, kDescriptors, kProgram, kOrphaned } step;
  int error;
};

[[noreturn]] void give_up(int report, Trouble::Step step) {
  const Trouble trouble{step, errno};
  [[maybe_unused]] const auto written = ::write(report, &trouble, sizeof trouble);
  ::_exit(127);
}

/// In the child, of a process with threads: nothing here but calls that are safe in signal handlers.
[[noreturn]] void become_child(const Launch& launch) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != launch.parent) give_up(launch.report, Trouble::Step::kOrphaned);
  for (int number = 1; number < NSIG; ++number)
    ::signal(number, SIG_DFL);  // what cannot be changed fails, and is right already
  ::sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  if (launch.directory != nullptr && ::chdir(launch.directory) != 0)
    give_up(launch.report, Trouble::Step::kDirectory);
  constexpr int kReport = STDERR_FILENO + 1;
  // In this order nothing that is still needed is overwritten: all of it is above the standard three,
  // and the last dup2() of these makes `report` safe.
  if (::dup2(launch.input, STDIN_FILENO) < 0 || ::dup2(launch.output, STDOUT_FILENO) < 0 ||
      ::dup2(launch.errors, STDERR_FILENO) < 0)
    give_up(launch.report, Trouble::Step::kDescriptors);
  int report = launch.report;
  if (report != kReport) {
    report = ::dup3(launch.report, kReport, O_CLOEXEC);
    if (report < 0) give_up(launch.report, Trouble::Step::kDescriptors);
  }
  ::close_range(kReport + 1, ~0U, 0);  // whatever a library opened without O_CLOEXEC
  ::execve(launch.program, launch.arguments, launch.environment);
  give_up(report, Trouble::Step::kProgram);
}

Error error_of(const Trouble& trouble, const ProcessOptions& options, const std::string& program) {
  switch (trouble.step) {
    case Trouble::Step::kDirectory:
      return {ErrorKind::kInvalid, "cannot run " + program + " in the directory " +
                                       options.directory + ": " + text_of(trouble.error)};
    case Trouble::Step::kProgram:
      return {ErrorKind::kInvalid, "cannot run " + program + ": " + text_of(trouble.error)};
    default:
      return {ErrorKind::kUnavailable, "cannot run " + program + ": " + text_of(trouble.error)};
  }
}

/// Nothing when the program runs.
std::optional<Trouble> read_trouble(const Fd& report) {
  Trouble trouble{};
  ssize_t count = 0;
  do {
    count = ::read(report.get(), &trouble, sizeof trouble);
  } while (count < 0 && errno == EINTR);
  if (count == 0) return std::nullopt;
  if (count == static_cast<ssize_t>(sizeof trouble)) return trouble;
  return Trouble{Trouble::Step::kOrphaned, EIO};
}

void never_block(const Fd& fd) {
  ::fcntl(fd.get(), F_SETFL, ::fcntl(fd.get(), F_GETFL) | O_NONBLOCK);
}

}  // namespace

void Fd::reset(int fd) noexcept {
  if (fd_ >= 0) ::close(fd_);
  fd_ = fd;
}

Result<Process> Process::start(const ProcessOptions& options) {
  if (options.command.empty())
    return Error{ErrorKind::kInvalid, "there is no command for the child process: give one"};
  Result<std::string> program = find_program(options.command.front());
  if (!program) return program.status();
  Result<Pipe> input = make_pipe();
  Result<Pipe> output = make_pipe();
  Result<Pipe> errors = make_pipe();
  Result<Pipe> report = make_pipe();
  for (const auto* pipe : {&input, &output, &errors, &report})
    if (!*pipe) return pipe->status();

  std::vector<std::string> arguments = options.command;
  std::vector<std::string> environment = environment_with(options.environment);
  const std::vector<char*> argument_list = pointers_to(arguments);
  const std::vector<char*> environment_list = pointers_to(environment);
  const Launch launch{.program = program->c_str(),
                      .directory = options.directory.empty() ? nullptr : options.directory.c_str(),
                      .arguments = argument_list.data(),
                      .environment = environment_list.data(),
                      .input = input->read.get(),
                      .output = output->write.get(),
                      .errors = errors->write.get(),
                      .report = report->write.get(),
                      .parent = ::getpid()};
  // fork() and not posix_spawn(), which cannot ask for the parent's death signal.
  const pid_t pid = ::fork();
  if (pid == 0) become_child(launch);
  if (pid < 0) {
    return Error{ErrorKind::kUnavailable,
                 "cannot start a child process for " + *program + ": " + text_of(errno)};
  }
  // Here too, so that the group is there however soon somebody signals it.
  ::setpgid(pid, pid);
  Process child{pid, std::move(input->write), std::move(output->read), std::move(errors->read)};
  report->write.reset();
  if (const auto trouble = read_trouble(report->read)) return error_of(*trouble, options, *program);
  never_block(child.input_);
  never_block(child.output_);
  never_block(child.errors_);
  return child;
}

Process::Process(Process&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      end_(std::move(other.end_)),
      input_(std::move(other.input_)),
      output_(std::move(other.output_)),
      errors_(std::move(other.errors_)) {}

Process::~Process() {
  if (pid_ < 0 || end_) return;
  ::kill(-pid_, SIGKILL);
  ::kill(pid_, SIGKILL);  // should it have left its group
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

void Process::signal(int number) noexcept {
  if (pid_ >= 0 && !end_) ::kill(-pid_, number);
}

std::optional<std::string> Process::try_reap() {
  if (end_ || pid_ < 0) return end_;
  // What it started goes with it: after waitpid() the group's number may be somebody else's.
  ::siginfo_t info{};
  if (::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
      info.si_pid != pid_)
    return std::nullopt;
  ::kill(-pid_, SIGKILL);
  int status = 0;
  if (::waitpid(pid_, &status, 0) != pid_) return std::nullopt;
  if (WIFSIGNALED(status)) {
    end_ =
        "signal " + std::to_string(WTERMSIG(status)) + " (" + ::strsignal(WTERMSIG(status)) + ")";
  } else {
    end_ = "exit code " + std::to_string(WEXITSTATUS(status));
  }
  return end_;
}

}  // namespace bora::multilang
