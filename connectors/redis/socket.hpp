#pragma once
// Private to this folder.

#include <cstddef>
#include <memory>
#include <string_view>

#include "bora/clock.hpp"
#include "bora/status.hpp"
#include "connectors/redis/options.hpp"

namespace bora::redis::internal {

/// A connection that carries bytes, each call with a deadline.
/// Threads: single-owner. After a failure it is of no more use.
class Transport {
 public:
  virtual ~Transport() = default;
  virtual Status send(std::string_view bytes, Instant deadline) = 0;
  /// Waits for at least one byte. Fails: kUnavailable also when the other side has closed.
  virtual Result<std::size_t> receive(char* to, std::size_t room, Instant deadline) = 0;
};

/// A TCP connection. Fails: kUnavailable, also when the name is not known.
[[nodiscard]] Result<std::unique_ptr<Transport>> connect_tcp(const Endpoint& to, Instant deadline);

/// TLS over `plain`: the server's certificate must be of its host and signed by who is trusted.
/// Fails: kUnavailable (not reached), kInvalid (a certificate that is not trusted, no such file).
[[nodiscard]] Result<std::unique_ptr<Transport>> connect_tls(std::unique_ptr<Transport> plain,
                                                             const std::string& host,
                                                             const std::string& ca_file,
                                                             Instant deadline);

}  // namespace bora::redis::internal
