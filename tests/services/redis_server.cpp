#include "services/redis_server.hpp"

#include <arpa/inet.h>
#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <fstream>
#include <netinet/in.h>
#include <stdexcept>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace bora::testing {

namespace {

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

bool listens(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = loopback(port);
  const bool connected =
      ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  ::close(fd);
  return connected;
}

}  // namespace

std::uint16_t free_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  const bool bound = ::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
                     ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0;
  ::close(fd);
  if (!bound) throw std::runtime_error("no free port on loopback");
  return ntohs(address.sin_port);
}

Program::Program(const std::vector<std::string>& arguments) {
  std::vector<char*> words;
  for (const std::string& each : arguments)
    words.push_back(const_cast<char*>(each.c_str()));
  words.push_back(nullptr);
  pid_ = ::fork();
  if (pid_ < 0) throw std::runtime_error("cannot fork");
  if (pid_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // it does not outlive a test that crashes
    const int nowhere = ::open("/dev/null", O_RDWR);
    ::dup2(nowhere, 1);
    ::dup2(nowhere, 2);
    ::execvp(words[0], words.data());
    ::_exit(127);
  }
}

Program::~Program() {
  if (pid_ == 0) return;
  signal(SIGKILL);
  wait();
}

void Program::signal(int number) const { ::kill(pid_, number); }

int Program::wait() {
  int status = 0;
  ::waitpid(pid_, &status, 0);
  pid_ = 0;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void run_program(const std::vector<std::string>& arguments) {
  if (Program{arguments}.wait() != 0) throw std::runtime_error(arguments.at(0) + " failed");
}

void write_text(const std::string& path, const std::string& text) { std::ofstream{path} << text; }

void wait_until_listening(std::uint16_t port) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{10};
  while (!listens(port)) {
    if (std::chrono::steady_clock::now() > deadline)
      throw std::runtime_error("redis-server does not listen on port " + std::to_string(port) +
                               ": is it installed? See scripts/packages.txt");
    std::this_thread::sleep_for(std::chrono::milliseconds{10});
  }
}

RedisServer::RedisServer(std::vector<std::string> arguments)
    : arguments_(std::move(arguments)), port_(free_port()) {
  start();
}
RedisServer::~RedisServer() { stop(); }

void RedisServer::start() {
  std::vector<std::string> all{"redis-server",
                               "--bind",
                               "127.0.0.1",
                               "--port",
                               std::to_string(port_),
                               "--dir",
                               directory_.path().string(),
                               "--save",
                               "",
                               "--appendonly",
                               "no"};
  all.insert(all.end(), arguments_.begin(), arguments_.end());
  program_ = std::make_unique<Program>(all);
  wait_until_listening(port_);
}

void RedisServer::stop() { program_.reset(); }
void RedisServer::pause() { program_->signal(SIGSTOP); }
void RedisServer::resume() { program_->signal(SIGCONT); }

}  // namespace bora::testing
