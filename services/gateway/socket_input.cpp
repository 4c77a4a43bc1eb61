#include "services/gateway/socket_input.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <poll.h>
#include <string>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace bora::gateway {
namespace {

Status failure(const std::filesystem::path& path, const std::string& what, ErrorKind kind) {
  return {kind, "could not listen at " + path.string() + " (gateway.socket): " + what};
}
Status failure(const std::filesystem::path& path) {
  return failure(path, std::generic_category().message(errno), ErrorKind::kInvalid);
}

/// Whether a process answers there. A file that a killed one left behind answers nobody.
bool is_alive(const sockaddr_un& address) {
  const int probe = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const bool alive =
      ::connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  ::close(probe);
  return alive;
}

}  // namespace

SocketInput::SocketInput(Options options, StoreMessages store)
    : options_(std::move(options)), store_(std::move(store)) {}
SocketInput::~SocketInput() { stop(); }

Status SocketInput::start() {
  const std::string path = options_.path.string();
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path)
    return failure(path, "the path has more than 107 bytes; use a shorter one",
                   ErrorKind::kInvalid);
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  if (is_alive(address))
    return failure(path, "another process does; stop it, or use another path",
                   ErrorKind::kUnavailable);
  ::unlink(path.c_str());
  listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  stop_event_ = ::eventfd(0, EFD_CLOEXEC);
  if (listener_ < 0 || stop_event_ < 0) return failure(path);
  // The mode is set before anybody is listened to.
  if (::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::chmod(path.c_str(), 0600) != 0 || ::listen(listener_, SOMAXCONN) != 0)
    return failure(path);
  acceptor_ = std::thread{[this] { accept_all(); }};
  return {};
}

void SocketInput::stop() {
  if (acceptor_.joinable()) {
    const std::uint64_t one = 1;
    static_cast<void>(::write(stop_event_, &one, sizeof one));
    acceptor_.join();
    ::unlink(options_.path.c_str());
  }
  for (Connection& connection : connections_)
    ::shutdown(connection.socket, SHUT_RD);  // its thread reads to the end, and answers
  for (Connection& connection : connections_) {
    connection.thread.join();
    ::close(connection.socket);
  }
  connections_.clear();
  for (int* const file : {&listener_, &stop_event_})
    if (const int open = std::exchange(*file, -1); open >= 0) ::close(open);
}

void SocketInput::accept_all() {
  for (;;) {
    std::array<pollfd, 2> files{pollfd{listener_, POLLIN, 0}, pollfd{stop_event_, POLLIN, 0}};
    if (::poll(files.data(), files.size(), -1) < 0) continue;  // interrupted
    if (files[1].revents != 0) return;
    const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    drop_ended();
    if (socket >= 0) add(socket);
  }
}

void SocketInput::add(int socket) {
  if (connections_.size() >= options_.max_connections) {
    constexpr std::string_view kTooMany = "retry too many connections; come again later\n";
    static_cast<void>(::send(socket, kTooMany.data(), kTooMany.size(), MSG_NOSIGNAL));
    ::close(socket);
    return;
  }
  Connection& connection = connections_.emplace_back();
  connection.socket = socket;
  connection.thread = std::thread{[this, &connection] { serve(connection); }};
}

void SocketInput::serve(Connection& connection) {
  LineInput lines{store_};
  serve_lines(lines, connection.socket, connection.socket)
      .ignore("a sender that does not read its answers sends again");
  ::shutdown(connection.socket, SHUT_RDWR);
  accepted_ += lines.accepted();
  not_accepted_ += lines.not_accepted();
  connection.has_ended = true;
}

void SocketInput::drop_ended() {
  for (auto at = connections_.begin(); at != connections_.end();) {
    if (!at->has_ended) {
      ++at;
      continue;
    }
    at->thread.join();
    ::close(at->socket);
    at = connections_.erase(at);
  }
}

}  // namespace bora::gateway
