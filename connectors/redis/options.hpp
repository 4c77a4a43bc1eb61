#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "bora/status.hpp"

namespace bora::redis {

struct Endpoint {
  std::string host = "127.0.0.1";
  std::uint16_t port = 6379;
  bool operator==(const Endpoint&) const = default;
};

enum class Security : std::uint8_t { kPlain, kTls };

/// How to reach a Redis server.
struct RedisOptions {
  /// The server; or, when `master` is not empty, Sentinels to ask for it, in this order.
  std::vector<Endpoint> endpoints = {Endpoint{}};
  std::string master = {};    ///< The name by which Sentinels know the server.
  std::string username = {};  ///< Empty: that of Redis before it had users.
  std::string password = {};  ///< Empty: no AUTH. Never printed.
  std::uint32_t database = 0;
  Security security = Security::kPlain;
  std::string ca_file = {};  ///< Whom to trust; empty: the system's authorities. TLS only.
  std::string key_prefix = "coldchain:";
  /// What CLIENT LIST shows.
  std::string client_name = "bora";
  /// Longest wait for a connection with its greetings. Shorter: an outage is noticed sooner, a slow
  /// network taken for one.
  std::chrono::milliseconds connect_timeout{2'000};
  /// Longest wait for all replies of a batch. A server that reads its file after a restart answers at
  /// once that it does.
  std::chrono::milliseconds call_timeout{5'000};
};

/// Reads
///
///   redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE][?prefix=P&connect_timeout=2000&timeout=5000]
///   rediss://...                           the same over TLS; &ca=FILE
///   redis+sentinel://[[USER]:PASSWORD@]HOST[:PORT],HOST[:PORT]/MASTER[/DATABASE]
///
/// User and password are percent-encoded where they hold one of "%:/@?". Times are in ms. An IPv6 host
/// stands in brackets. User and password are those of the server; Sentinels are asked without.
/// Fails: kInvalid, with a text that does not show the password.
[[nodiscard]] Result<RedisOptions> parse_url(std::string_view url);

/// "HOST:PORT", for texts.
[[nodiscard]] std::string to_string(const Endpoint& endpoint);

}  // namespace bora::redis
