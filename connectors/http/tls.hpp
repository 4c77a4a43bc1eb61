#pragma once

#include <string>

#include "bora/status.hpp"

namespace bora::http {

/// How a client trusts a server, and shows who it is itself. TLS 1.2 or newer, always verified: there
/// is no option to trust everybody. Files are PEM.
struct ClientTls {
  std::string ca_file = {};  ///< Who may sign the server's certificate; empty: the system's.
  std::string certificate_file = {};  ///< Of this client, its own first; empty: it shows none.
  std::string key_file = {};          ///< Its key, without passphrase.
  /// The name or address that the server's certificate must be for; empty: the one connected to.
  std::string server_name = {};
};

/// Who a server is, and whom it lets in. TLS 1.2 or newer. Files are PEM.
struct ServerTls {
  std::string certificate_file = {};  ///< The server's own first, then those that signed it.
  std::string key_file = {};          ///< Its key, without passphrase.
  /// Empty: clients need no certificate. Else each must show one that this authority signed.
  std::string client_ca_file = {};
};

/// Whether the files can be read and belong together, so that a program can say so before it starts.
/// Fails: kInvalid with the file and what is wrong with it.
[[nodiscard]] Status check(const ClientTls& tls);
[[nodiscard]] Status check(const ServerTls& tls);

}  // namespace bora::http
