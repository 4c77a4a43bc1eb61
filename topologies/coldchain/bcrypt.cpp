#include "topologies/coldchain/bcrypt.hpp"

#include <array>
#include <cerrno>
#include <crypt.h>
#include <memory>

#include <openssl/crypto.h>
#include <openssl/rand.h>

namespace bora::coldchain {

namespace {

constexpr std::size_t kSaltBytes = 16;

// 32 KiB, of which bcrypt leaves the password's key schedule behind: wiped.
struct Workspace {
  ::crypt_data data{};
  Workspace() = default;
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;
  ~Workspace() { OPENSSL_cleanse(&data, sizeof data); }
};

// crypt_r() takes a C string.
struct Phrase {
  std::string text;
  explicit Phrase(std::string_view password) : text(password) {}
  Phrase(const Phrase&) = delete;
  Phrase& operator=(const Phrase&) = delete;
  ~Phrase() { OPENSSL_cleanse(text.data(), text.size()); }
};

bool is_hashable(std::string_view password) noexcept {
  return password.size() <= kMaxPasswordBytes && password.find('\0') == std::string_view::npos;
}

// libxcrypt answers "*0" or "*1" for what it cannot do.
std::string run(std::string_view password, const std::string& setting) {
  const auto workspace = std::make_unique<Workspace>();
  const Phrase phrase{password};
  const char* hash = ::crypt_r(phrase.text.c_str(), setting.c_str(), &workspace->data);
  return hash == nullptr || hash[0] == '*' ? std::string{} : std::string{hash};
}

}  // namespace

Result<std::string> hash_password(std::string_view password, int cost) {
  if (!is_hashable(password))
    return Error{ErrorKind::kInvalid, "a password has at most " +
                                          std::to_string(kMaxPasswordBytes) +
                                          " bytes and no NUL: choose another"};
  std::array<unsigned char, kSaltBytes> salt{};
  std::array<char, CRYPT_GENSALT_OUTPUT_SIZE> setting{};
  if (RAND_bytes(salt.data(), static_cast<int>(salt.size())) != 1)
    return Error{ErrorKind::kInternal, "bcrypt: OpenSSL has no random numbers"};
  if (::crypt_gensalt_rn("$2b$", static_cast<unsigned long>(cost),
                         reinterpret_cast<const char*>(salt.data()), static_cast<int>(salt.size()),
                         setting.data(), static_cast<int>(setting.size())) == nullptr)
    return Error{ErrorKind::kInternal,
                 "bcrypt: libxcrypt takes no cost of " + std::to_string(cost) + "; 4 to 31 is"};
  std::string hash = run(password, setting.data());
  if (hash.empty()) return Error{ErrorKind::kInternal, "bcrypt: libxcrypt could not hash"};
  return hash;
}

std::string hash_of_nobody(int cost) {
  constexpr std::size_t kSaltAndDigest = 22 + 31;  // in bcrypt's base64, where a point is 0
  return std::string{"$2b$"} + (cost < 10 ? "0" : "") + std::to_string(cost) + "$" +
         std::string(kSaltAndDigest, '.');
}

bool is_password(std::string_view password, const std::string& hash) {
  // libxcrypt knows other kinds of hashes, which nobody here makes.
  if (!is_hashable(password) || hash.substr(0, 2) != "$2") return false;
  const std::string again = run(password, hash);
  return !again.empty() && again.size() == hash.size() &&
         CRYPTO_memcmp(again.data(), hash.data(), hash.size()) == 0;
}

}  // namespace bora::coldchain
