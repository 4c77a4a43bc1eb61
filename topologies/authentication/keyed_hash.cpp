#include "topologies/authentication/keyed_hash.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include <openssl/crypto.h>

#include "bora/check.hpp"
#include "topologies/authentication/secret_verifier.hpp"
#include "topologies/coldchain/registry.hpp"

namespace bora::authentication {
namespace {

/// The four words of SipHash's state.
struct SipState {
  std::uint64_t a, b, c, d;

  void round() noexcept {
    a += b;
    c += d;
    b = std::rotl(b, 13) ^ a;
    d = std::rotl(d, 16) ^ c;
    a = std::rotl(a, 32);
    c += b;
    a += d;
    b = std::rotl(b, 17) ^ c;
    d = std::rotl(d, 21) ^ a;
    c = std::rotl(c, 32);
  }
  void rounds(int count) noexcept {
    for (int i = 0; i < count; ++i)
      round();
  }
  void take(std::uint64_t word) noexcept {
    d ^= word;
    rounds(2);
    a ^= word;
  }
  [[nodiscard]] std::uint64_t folded() const noexcept { return a ^ b ^ c ^ d; }
};

/// Little-endian, as the specification reads; the project's machines are.
std::uint64_t word_of(const char* bytes, std::size_t size) noexcept {
  static_assert(std::endian::native == std::endian::little);
  std::uint64_t word = 0;
  std::memcpy(&word, bytes, size);
  return word;
}

constexpr std::size_t kMaxHashBytes = 255;  // what the registry's codec lets through

}  // namespace

bool is_same(const MemoTag& a, const MemoTag& b) noexcept {
  return CRYPTO_memcmp(&a, &b, sizeof(MemoTag)) == 0;
}

MemoTag keyed_hash(const MemoKey& key, std::string_view bytes) noexcept {
  // "somepseudorandomlygeneratedbytes", as the specification begins; 0xee marks the 128-bit form.
  SipState state{key[0] ^ 0x736f6d6570736575ULL, key[1] ^ 0x646f72616e646f6dULL ^ 0xee,
                 key[0] ^ 0x6c7967656e657261ULL, key[1] ^ 0x7465646279746573ULL};
  const std::size_t whole = bytes.size() & ~std::size_t{7};
  for (std::size_t at = 0; at < whole; at += 8)
    state.take(word_of(bytes.data() + at, 8));
  state.take(word_of(bytes.data() + whole, bytes.size() - whole) |
             (static_cast<std::uint64_t>(bytes.size()) << 56));
  state.c ^= 0xee;
  state.rounds(4);
  const std::uint64_t low = state.folded();
  state.b ^= 0xdd;
  state.rounds(4);
  return {low, state.folded()};
}

MemoTag memo_tag(const MemoKey& key, std::uint64_t id, std::string_view secret,
                 std::string_view auth_hash) noexcept {
  // The secret's length keeps it apart from the hash behind it.
  char bytes[sizeof(id) + 1 + SecretText::kMaxBytes + kMaxHashBytes];
  BORA_CHECK(secret.size() <= SecretText::kMaxBytes, "a secret longer than any");
  const std::string_view hash = auth_hash.substr(0, kMaxHashBytes);
  std::memcpy(bytes, &id, sizeof(id));
  char* end = bytes + sizeof(id);
  *end++ = static_cast<char>(secret.size());
  end = std::copy(secret.begin(), secret.end(), end);
  end = std::copy(hash.begin(), hash.end(), end);
  const auto size = static_cast<std::size_t>(end - bytes);
  const MemoTag tag = keyed_hash(key, {bytes, size});
  explicit_bzero(bytes, size);
  return tag;
}

}  // namespace bora::authentication
