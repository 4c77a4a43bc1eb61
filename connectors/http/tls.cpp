#include "connectors/http/tls.hpp"

#include <boost/asio/ssl/context.hpp>
#include <openssl/ssl.h>

#include "connectors/http/tls_context.hpp"

namespace bora::http {

namespace ssl = boost::asio::ssl;

namespace {

using Code = boost::system::error_code;
using Context = std::shared_ptr<ssl::context>;

Status wrong(const std::string& what, const std::string& file, const Code& code) {
  return {ErrorKind::kInvalid, "TLS: cannot use " + what + " " + file + ": " + code.message() +
                                   "; it must be a readable PEM file"};
}

Context blank(ssl::context::method method) {
  auto context = std::make_shared<ssl::context>(method);
  SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
  // Renegotiation lets a client make the server compute, over and over, on one connection.
  SSL_CTX_set_options(context->native_handle(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  // Idle connections are many and speak rarely: their buffers are given back in between.
  SSL_CTX_set_mode(context->native_handle(), SSL_MODE_RELEASE_BUFFERS);
  return context;
}

Status use_identity(ssl::context& context, const std::string& certificate, const std::string& key) {
  Code code;
  context.use_certificate_chain_file(certificate, code);
  if (code) return wrong("the certificate", certificate, code);
  // Without this, OpenSSL asks the terminal for the passphrase of a key that has one.
  context.set_password_callback([](std::size_t, ssl::context::password_purpose) { return ""; },
                                code);
  context.use_private_key_file(key, ssl::context::pem, code);
  if (code)
    return wrong(
        "the key (which must have no passphrase and belong to the certificate " + certificate + ")",
        key, code);
  if (SSL_CTX_check_private_key(context.native_handle()) != 1)
    return {ErrorKind::kInvalid, "TLS: the key " + key + " does not belong to the certificate " +
                                     certificate + "; name the two that were made together"};
  return {};
}

Status use_authority(ssl::context& context, const std::string& file) {
  Code code;
  context.load_verify_file(file, code);
  return code ? wrong("the authority's certificate", file, code) : Status{};
}

}  // namespace

namespace internal {

Result<Context> make_context(const ClientTls& tls) {
  Context context = blank(ssl::context::tls_client);
  context->set_verify_mode(ssl::verify_peer);
  if (tls.ca_file.empty()) {
    Code code;
    context->set_default_verify_paths(code);
    if (code) return wrong("the system's authorities", "", code);
  } else if (Status status = use_authority(*context, tls.ca_file); !status) {
    return status;
  }
  if (tls.certificate_file.empty() != tls.key_file.empty())
    return Error{ErrorKind::kInvalid,
                 "TLS: a client's certificate and its key go together; name both or neither"};
  if (!tls.certificate_file.empty())
    if (Status status = use_identity(*context, tls.certificate_file, tls.key_file); !status)
      return status;
  return context;
}

Result<Context> make_context(const ServerTls& tls) {
  if (tls.certificate_file.empty() || tls.key_file.empty())
    return Error{ErrorKind::kInvalid, "TLS: a server needs a certificate and a key; name both"};
  Context context = blank(ssl::context::tls_server);
  if (Status status = use_identity(*context, tls.certificate_file, tls.key_file); !status)
    return status;
  if (tls.client_ca_file.empty()) return context;
  if (Status status = use_authority(*context, tls.client_ca_file); !status) return status;
  context->set_verify_mode(ssl::verify_peer | ssl::verify_fail_if_no_peer_cert);
  SSL_CTX_set_client_CA_list(context->native_handle(),
                             SSL_load_client_CA_file(tls.client_ca_file.c_str()));
  // OpenSSL resumes sessions of verified clients only under a name for whom they were verified.
  static constexpr unsigned char kSessions[] = "bora";
  SSL_CTX_set_session_id_context(context->native_handle(), kSessions, sizeof kSessions - 1);
  return context;
}

}  // namespace internal

Status check(const ClientTls& tls) { return internal::make_context(tls).status(); }
Status check(const ServerTls& tls) { return internal::make_context(tls).status(); }

}  // namespace bora::http
