#pragma once

#include <arpa/inet.h>
#include <array>
#include <cstddef>
#include <cstdint>
#include <poll.h>
#include <string>
#include <sys/socket.h>
#include <unistd.h>

namespace bora::testing {

/// A bare connection to a port of this machine, to send what no HTTP client would and to read what does
/// not end.
class Wire {
 public:
  explicit Wire(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    ::sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    is_connected_ =
        ::connect(socket_, reinterpret_cast<::sockaddr*>(&address), sizeof address) == 0;
  }
  ~Wire() { ::close(socket_); }
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;

  [[nodiscard]] bool is_connected() const noexcept { return is_connected_; }
  bool send(const std::string& bytes) const {
    return ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
           static_cast<::ssize_t>(bytes.size());
  }
  /// Whether `mark` comes so many times before the connection closes and before a generous while has
  /// passed.
  bool read_until(const std::string& mark, std::size_t times = 1) {
    while (count(mark) < times)
      if (!read_some()) return false;
    return true;
  }
  /// Whether the connection closes before a generous while has passed.
  bool read_to_end() {
    while (read_some()) {
    }
    return is_closed_;
  }
  [[nodiscard]] const std::string& received() const noexcept { return received_; }

 private:
  bool read_some() {
    ::pollfd ready{socket_, POLLIN, 0};
    if (::poll(&ready, 1, 20'000) != 1) return false;
    std::array<char, 4096> bytes{};
    const ::ssize_t size = ::recv(socket_, bytes.data(), bytes.size(), 0);
    is_closed_ = size <= 0;
    if (!is_closed_) received_.append(bytes.data(), static_cast<std::size_t>(size));
    return !is_closed_;
  }

  [[nodiscard]] std::size_t count(const std::string& mark) const {
    std::size_t found = 0;
    for (auto at = received_.find(mark); at != std::string::npos; at = received_.find(mark, at + 1))
      ++found;
    return found;
  }

  int socket_;
  bool is_connected_ = false;
  bool is_closed_ = false;
  std::string received_;
};

}  // namespace bora::testing
