#include "support/test_certificates.hpp"

#include <cstdio>
#include <utility>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "bora/check.hpp"

namespace bora::testing {

namespace {

constexpr long kHour = 3600;

struct Free {
  void operator()(X509* p) const noexcept { X509_free(p); }
  void operator()(EVP_PKEY* p) const noexcept { EVP_PKEY_free(p); }
  void operator()(X509_EXTENSION* p) const noexcept { X509_EXTENSION_free(p); }
  void operator()(std::FILE* p) const noexcept { std::fclose(p); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

void add_extension(X509* certificate, int what, const std::string& value) {
  const Owned<X509_EXTENSION> extension{X509V3_EXT_conf_nid(nullptr, nullptr, what, value.c_str())};
  BORA_CHECK(extension && X509_add_ext(certificate, extension.get(), -1) == 1, value);
}

template <class Write>
std::string write_file(const std::filesystem::path& path, Write write) {
  const Owned<std::FILE> file{std::fopen(path.c_str(), "w")};
  BORA_CHECK(file && write(file.get()) == 1, path.string());
  return path.string();
}

}  // namespace

struct TestAuthority::Identity {
  Owned<EVP_PKEY> key;
  Owned<X509> certificate;

  // Signed by `issuer`, or by itself, for an hour that ends `ends_in` seconds from now.
  Identity(const std::string& common_name, const std::string& names, const Identity* issuer,
           long ends_in)
      : key(EVP_EC_gen("P-256")), certificate(X509_new()) {
    X509* made = certificate.get();
    static long serial = 0;
    X509_set_version(made, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(made), ++serial);
    X509_gmtime_adj(X509_getm_notBefore(made), ends_in - 2 * kHour);
    X509_gmtime_adj(X509_getm_notAfter(made), ends_in);
    X509_set_pubkey(made, key.get());
    X509_NAME_add_entry_by_txt(X509_get_subject_name(made), "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(common_name.c_str()), -1, -1,
                               0);
    X509_set_issuer_name(made, X509_get_subject_name(issuer ? issuer->certificate.get() : made));
    if (issuer == nullptr) add_extension(made, NID_basic_constraints, "critical,CA:TRUE");
    if (!names.empty()) add_extension(made, NID_subject_alt_name, names);
    BORA_CHECK(X509_sign(made, issuer ? issuer->key.get() : key.get(), EVP_sha256()) > 0,
               common_name);
  }
};

TestAuthority::TestAuthority(std::filesystem::path directory, std::string name)
    : directory_(std::move(directory)),
      name_(std::move(name)),
      self_(std::make_unique<Identity>(name_, "", nullptr, kHour)) {
  static_cast<void>(write(*self_, "ca"));
}
TestAuthority::~TestAuthority() = default;

std::string TestAuthority::certificate() const {
  return (directory_ / (name_ + "-ca.pem")).string();
}

TestAuthority::Files TestAuthority::sign(const std::string& common_name,
                                         const std::string& names) const {
  return write(Identity{common_name, names, self_.get(), kHour}, common_name);
}

TestAuthority::Files TestAuthority::sign_expired(const std::string& common_name,
                                                 const std::string& names) const {
  return write(Identity{common_name, names, self_.get(), -kHour}, common_name);
}

TestAuthority::Files TestAuthority::write(const Identity& identity,
                                          const std::string& common_name) const {
  const std::string base = name_ + "-" + common_name;
  return {
      write_file(directory_ / (base + ".pem"),
                 [&](std::FILE* file) { return PEM_write_X509(file, identity.certificate.get()); }),
      write_file(directory_ / (base + ".key"), [&](std::FILE* file) {
        return PEM_write_PrivateKey(file, identity.key.get(), nullptr, nullptr, 0, nullptr,
                                    nullptr);
      })};
}

}  // namespace bora::testing
