#include "services/admin/random.hpp"

#include <array>

#include <openssl/rand.h>

#include "bora/check.hpp"

namespace bora::admin {

std::uint64_t random_device_secret() {
  std::array<unsigned char, sizeof(std::uint64_t)> bytes{};
  BORA_CHECK(RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) == 1, "no random numbers");
  std::uint64_t secret = 0;
  for (const unsigned char byte : bytes)
    secret = secret << 8 | byte;
  return secret;
}

std::string random_gateway_secret() {
  constexpr const char* kDigits = "0123456789ABCDEF";
  std::array<unsigned char, 20> bytes{};
  BORA_CHECK(RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) == 1, "no random numbers");
  std::string secret;
  for (const unsigned char byte : bytes) {
    secret += kDigits[byte >> 4];
    secret += kDigits[byte & 15];
  }
  return secret;
}

}  // namespace bora::admin
