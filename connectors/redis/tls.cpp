#include <arpa/inet.h>
#include <array>
#include <memory>
#include <string>
#include <utility>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "connectors/redis/socket.hpp"

namespace bora::redis::internal {

namespace {

struct FreeContext {
  void operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }
};
struct FreeSession {
  void operator()(SSL* session) const noexcept { SSL_free(session); }
};

std::string last_error() {
  std::array<char, 256> text{};
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  if (code == 0) return "no reason given";
  ERR_error_string_n(code, text.data(), text.size());
  return text.data();
}

/// TLS as a filter between the caller and a plain transport. OpenSSL works on buffers in memory, so
/// that deadlines, and sockets without SIGPIPE, are the plain transport's affair.
class TlsTransport final : public Transport {
 public:
  TlsTransport(std::unique_ptr<Transport> plain, std::unique_ptr<SSL, FreeSession> session)
      : plain_(std::move(plain)), session_(std::move(session)) {
    from_server_ = BIO_new(BIO_s_mem());
    to_server_ = BIO_new(BIO_s_mem());
    SSL_set_bio(session_.get(), from_server_, to_server_);  // owned by the session
    SSL_set_connect_state(session_.get());
  }

  Status shake_hands(Instant deadline) {
    return drive(deadline, [this] { return SSL_do_handshake(session_.get()); });
  }

  Status send(std::string_view bytes, Instant deadline) override {
    while (!bytes.empty()) {
      std::size_t taken = 0;
      if (Status sent = drive(
              deadline,
              [&] { return SSL_write_ex(session_.get(), bytes.data(), bytes.size(), &taken); });
          !sent)
        return sent;
      bytes.remove_prefix(taken);
    }
    return {};
  }

  Result<std::size_t> receive(char* to, std::size_t room, Instant deadline) override {
    std::size_t got = 0;
    if (Status read = drive(deadline, [&] { return SSL_read_ex(session_.get(), to, room, &got); });
        !read)
      return read;
    return got;
  }

 private:
  /// Calls `step` until it succeeds, moving bytes between OpenSSL and the server.
  template <class Step>
  Status drive(Instant deadline, Step step) {
    for (;;) {
      const int outcome = step();
      if (Status sent = flush(deadline); !sent) return sent;
      if (outcome > 0) return {};
      if (SSL_get_error(session_.get(), outcome) != SSL_ERROR_WANT_READ) return refused();
      std::array<char, 16384> bytes;
      const auto got = plain_->receive(bytes.data(), bytes.size(), deadline);
      if (!got) return got.status();
      BIO_write(from_server_, bytes.data(), static_cast<int>(*got));
    }
  }
  Status flush(Instant deadline) {
    char* bytes = nullptr;
    const long size = BIO_get_mem_data(to_server_, &bytes);
    if (size <= 0) return {};
    Status sent = plain_->send({bytes, static_cast<std::size_t>(size)}, deadline);
    (void)BIO_ctrl(to_server_, BIO_CTRL_RESET, 0, nullptr);  // BIO_reset, without its cast
    return sent;
  }
  [[nodiscard]] Status refused() const {
    const long verified = SSL_get_verify_result(session_.get());
    if (verified != X509_V_OK)
      return {ErrorKind::kInvalid,
              std::string("the certificate of the Redis server is not trusted: ") +
                  X509_verify_cert_error_string(verified) + "; name its authority with ?ca=FILE"};
    return {ErrorKind::kUnavailable,
            "the TLS connection to the Redis server broke: " + last_error()};
  }

  std::unique_ptr<Transport> plain_;
  std::unique_ptr<SSL, FreeSession> session_;
  BIO* from_server_;
  BIO* to_server_;
};

Status expect_host(SSL* session, const std::string& host) {
  std::array<unsigned char, sizeof(in6_addr)> address;
  const bool is_address = ::inet_pton(AF_INET, host.c_str(), address.data()) == 1 ||
                          ::inet_pton(AF_INET6, host.c_str(), address.data()) == 1;
  const bool is_done =
      is_address ? X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session), host.c_str()) == 1
                 : SSL_set1_host(session, host.c_str()) == 1 &&
                       SSL_set_tlsext_host_name(session, host.c_str()) == 1;
  if (is_done) return {};
  return {ErrorKind::kInvalid, "cannot ask for a certificate of '" + host + "': " + last_error()};
}

}  // namespace

Result<std::unique_ptr<Transport>> connect_tls(std::unique_ptr<Transport> plain,
                                               const std::string& host, const std::string& ca_file,
                                               Instant deadline) {
  const std::unique_ptr<SSL_CTX, FreeContext> context{SSL_CTX_new(TLS_client_method())};
  if (context == nullptr) return Error{ErrorKind::kInternal, "cannot prepare TLS: " + last_error()};
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  const int trusted = ca_file.empty()
                          ? SSL_CTX_set_default_verify_paths(context.get())
                          : SSL_CTX_load_verify_locations(context.get(), ca_file.c_str(), nullptr);
  if (trusted != 1)
    return Error{ErrorKind::kInvalid, "cannot read the authorities to trust from '" + ca_file +
                                          "': " + last_error() + "; check ?ca=FILE"};
  std::unique_ptr<SSL, FreeSession> session{SSL_new(context.get())};
  if (session == nullptr) return Error{ErrorKind::kInternal, "cannot prepare TLS: " + last_error()};
  if (Status asked = expect_host(session.get(), host); !asked) return asked;
  auto transport = std::make_unique<TlsTransport>(std::move(plain), std::move(session));
  if (Status shaken = transport->shake_hands(deadline); !shaken) return shaken;
  return std::unique_ptr<Transport>{std::move(transport)};
}

}  // namespace bora::redis::internal
