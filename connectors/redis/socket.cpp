#include "connectors/redis/socket.hpp"

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace bora::redis::internal {

namespace {

const SystemClock kClock;  // what a socket waits for is real

std::string system_text(int error) {
  std::array<char, 256> text{};
  return strerror_r(error, text.data(), text.size());
}

/// A file descriptor.
class Descriptor {
 public:
  explicit Descriptor(int fd) noexcept : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  [[nodiscard]] int get() const noexcept { return fd_; }

 private:
  int fd_;
};

enum class Wait : std::uint8_t { kReady, kLate };

Wait wait_for(int fd, short events, Instant deadline) {
  for (;;) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - kClock.now()).count();
    if (left < 0) return Wait::kLate;
    pollfd one{.fd = fd, .events = events, .revents = 0};
    const int ready = ::poll(&one, 1, static_cast<int>(left) + 1);
    if (ready > 0) return Wait::kReady;
    if (ready == 0) return Wait::kLate;
    // Interrupted by a signal: what time is left is computed anew.
  }
}

class TcpTransport final : public Transport {
 public:
  TcpTransport(Descriptor fd, std::string server)
      : fd_(std::move(fd)), server_(std::move(server)) {}

  Status send(std::string_view bytes, Instant deadline) override {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent >= 0) {
        bytes.remove_prefix(static_cast<std::size_t>(sent));
      } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
        if (wait_for(fd_.get(), POLLOUT, deadline) == Wait::kLate) return late("send to");
      } else if (errno != EINTR) {
        return broken("send to", system_text(errno));
      }
    }
    return {};
  }

  Result<std::size_t> receive(char* to, std::size_t room, Instant deadline) override {
    for (;;) {
      const ssize_t got = ::recv(fd_.get(), to, room, 0);
      if (got > 0) return static_cast<std::size_t>(got);
      if (got == 0) return broken("read from", "it closed the connection");
      if (errno == EAGAIN || errno == EWOULDBLOCK) {
        if (wait_for(fd_.get(), POLLIN, deadline) == Wait::kLate) return late("read from");
      } else if (errno != EINTR) {
        return broken("read from", system_text(errno));
      }
    }
  }

 private:
  [[nodiscard]] Error late(std::string_view tried) const {
    return {ErrorKind::kUnavailable, "cannot " + std::string(tried) + " the Redis server " +
                                         server_ + ": no answer in time; see whether it runs"};
  }
  [[nodiscard]] Error broken(std::string_view tried, const std::string& why) const {
    return {ErrorKind::kUnavailable, "cannot " + std::string(tried) + " the Redis server " +
                                         server_ + ": " + why + "; see whether it runs"};
  }

  Descriptor fd_;
  const std::string server_;
};

/// Connects to one address of a host.
Result<std::unique_ptr<Transport>> connect_to(const addrinfo& address, const std::string& server,
                                              Instant deadline) {
  const auto failed = [&](const std::string& why) {
    return Error{ErrorKind::kUnavailable, "cannot connect to the Redis server " + server + ": " +
                                              why + "; see whether it runs there"};
  };
  Descriptor fd{::socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  if (fd.get() < 0) return failed(system_text(errno));
  const int on = 1;
  // Batches are whole when they are sent; and a server that vanished without a word is noticed.
  ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  ::setsockopt(fd.get(), SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  if (::connect(fd.get(), address.ai_addr, address.ai_addrlen) != 0) {
    if (errno != EINPROGRESS) return failed(system_text(errno));
    if (wait_for(fd.get(), POLLOUT, deadline) == Wait::kLate) return failed("no answer in time");
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) return failed(system_text(error));
  }
  return std::unique_ptr<Transport>{std::make_unique<TcpTransport>(std::move(fd), server)};
}

}  // namespace

Result<std::unique_ptr<Transport>> connect_tcp(const Endpoint& to, Instant deadline) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const std::string server = to_string(to);
  if (const int error =
          ::getaddrinfo(to.host.c_str(), std::to_string(to.port).c_str(), &hints, &found);
      error != 0)
    return Error{ErrorKind::kUnavailable, "cannot find the Redis server " + server + ": " +
                                              ::gai_strerror(error) + "; check the host's name"};
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> addresses{found, &::freeaddrinfo};
  Result<std::unique_ptr<Transport>> connected =
      Error{ErrorKind::kUnavailable, "the Redis server " + server + " has no address"};
  for (const addrinfo* each = addresses.get(); each != nullptr && !connected; each = each->ai_next)
    connected = connect_to(*each, server, deadline);
  return connected;
}

}  // namespace bora::redis::internal
