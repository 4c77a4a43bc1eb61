#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <list>
#include <thread>

#include "bora/status.hpp"
#include "services/gateway/line_input.hpp"

namespace bora::gateway {

/// Messages over a local socket (AF_UNIX, stream), as LineInput takes them. Only the account that the
/// gateway runs under may connect: the file has mode 600.
///
/// Threads: one accepts, and each connection has one, since those who speak here are few programs of
/// this machine. start() and stop() are for one thread, the counters for any.
class SocketInput {
 public:
  struct Options {
    std::filesystem::path path;
    std::size_t max_connections = 64;  ///< One more is told to come again later.
  };
  SocketInput(Options options, StoreMessages store);
  ~SocketInput();
  SocketInput(const SocketInput&) = delete;
  SocketInput& operator=(const SocketInput&) = delete;

  /// Fails: kUnavailable when another process listens there, kInvalid for a path that cannot be.
  Status start();
  /// Ends the connections, each after the answers to what it had sent, and removes the file.
  void stop();

  [[nodiscard]] std::uint64_t accepted() const noexcept { return accepted_; }
  [[nodiscard]] std::uint64_t not_accepted() const noexcept { return not_accepted_; }

 private:
  struct Connection {
    int socket = -1;
    std::thread thread;
    std::atomic<bool> has_ended{false};
  };
  void accept_all();
  void add(int socket);
  void serve(Connection& connection);
  void drop_ended();

  const Options options_;
  const StoreMessages store_;
  int listener_ = -1;
  int stop_event_ = -1;
  std::thread acceptor_;
  std::list<Connection> connections_;  // the acceptor's; after it, stop()'s
  std::atomic<std::uint64_t> accepted_{0};
  std::atomic<std::uint64_t> not_accepted_{0};
};

}  // namespace bora::gateway
