#include <chrono>
#include <fstream>
#include <string>
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "services/admin/base64url.hpp"
#include "services/admin/token.hpp"
#include "support/temporary_directory.hpp"

using namespace bora;
using namespace bora::admin;
using namespace std::chrono_literals;
using namespace std::string_literals;

namespace {

const WallTime kNow = from_millis(1'700'000'000'000);

Tokens::Key key_of(unsigned char byte) {
  Tokens::Key key{};
  key.fill(byte);
  return key;
}

Claims claims() {
  return {.user = "ana",
          .permission = Permission::kWrite,
          .generation = 3,
          .issued_at = 1'700'000'000s,
          .expires_at = 1'700'003'600s};
}

// A token of any header and payload, signed with the right key: what its checks are worth.
std::string signed_token(const std::string& header, const std::string& payload, const EVP_MD* by,
                         const Tokens::Key& key) {
  std::string token = encode_base64url(header) + "." + encode_base64url(payload);
  unsigned char signature[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  HMAC(by, key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(token.data()), token.size(), signature, &size);
  return token + "." + encode_base64url({reinterpret_cast<const char*>(signature), size});
}

std::string payload(const std::string& without = {}) {
  std::string text = "{";
  const auto add = [&](const std::string& name, const std::string& value) {
    if (name != without) text += (text.size() > 1 ? ",\"" : "\"") + name + "\":" + value;
  };
  add("iss", "\"bora-admin\"");
  add("sub", "\"ana\"");
  add("permission", "\"write\"");
  add("gen", "3");
  add("iat", "1700000000");
  add("nbf", "1700000000");
  add("exp", "1700003600");
  return text + "}";
}

constexpr const char* kHeader = R"({"alg":"HS256","typ":"JWT"})";

std::string reason(const Tokens& tokens, const std::string& token, WallTime now = kNow) {
  const auto checked = tokens.check(token, now);
  return checked ? "valid" : checked.error().message;
}

}  // namespace

TEST_CASE("a token says what it was issued for, for its time and no longer") {
  const Tokens tokens{key_of(1)};
  const std::string token = tokens.issue(claims());
  const auto read = tokens.check(token, kNow);
  REQUIRE(read);
  CHECK(*read == claims());
  CHECK(reason(tokens, token, kNow + 3599s) == "valid");
  CHECK(reason(tokens, token, kNow + 3600s) == "expired");
  CHECK(reason(tokens, token, kNow - 30s) == "valid");
  CHECK(reason(tokens, token, kNow - 31s) == "not yet valid");
}

TEST_CASE("a token of another key, algorithm or none is refused") {
  const Tokens tokens{key_of(1)};
  CHECK(reason(tokens, signed_token(kHeader, payload(), EVP_sha256(), key_of(1))) == "valid");
  CHECK(reason(tokens, Tokens{key_of(2)}.issue(claims())) == "forged");
  for (const char* header :
       {R"({"alg":"none","typ":"JWT"})", R"({"alg":"None"})", R"({"alg":"HS384","typ":"JWT"})",
        R"({"alg":"RS256","typ":"JWT"})", R"({"typ":"JWT","alg":"HS256"})", R"({"alg":"HS256"})",
        R"({"alg":"HS256","typ":"JWT","kid":"../../key"})", "{}", ""}) {
    INFO(header);
    CHECK(reason(tokens, signed_token(header, payload(), EVP_sha256(), key_of(1))) ==
          "of another kind or algorithm");
  }
  CHECK(reason(tokens, signed_token(kHeader, payload(), EVP_sha512(), key_of(1))) == "forged");
  const std::string body = encode_base64url(kHeader) + "." + encode_base64url(payload());
  CHECK(reason(tokens, body + ".") == "forged");
  CHECK(reason(tokens, encode_base64url(R"({"alg":"none"})") + "." + encode_base64url(payload()) +
                           ".") == "of another kind or algorithm");
}

TEST_CASE("a token that was changed anywhere is refused") {
  const Tokens tokens{key_of(1)};
  const std::string token = tokens.issue(claims());
  for (std::size_t i = 0; i < token.size(); ++i) {
    std::string changed = token;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    INFO(i);
    CHECK_FALSE(tokens.check(changed, kNow));
  }
  for (const std::string& wrong :
       {std::string{}, std::string{"."}, std::string{".."}, token + "A", token + ".", "." + token,
        token + "=", token.substr(0, token.size() - 1), std::string(5000, 'A')})
    CHECK_FALSE(tokens.check(wrong, kNow));
}

TEST_CASE(
    "a token that lacks a claim, or has one of another type, is refused though it is signed") {
  const Tokens tokens{key_of(1)};
  for (const char* name : {"iss", "sub", "permission", "gen", "iat", "nbf", "exp"}) {
    INFO(name);
    CHECK(reason(tokens, signed_token(kHeader, payload(name), EVP_sha256(), key_of(1))) ==
          "malformed");
  }
  for (
      const std::string& wrong :
      {std::string{"[]"}, std::string{"{"}, std::string{},
       R"({"iss":"bora-admin","sub":7,"permission":"write","gen":3,"iat":1,"nbf":1,"exp":9999999999})"s,
       R"({"iss":"bora-admin","sub":"a","permission":"root","gen":3,"iat":1,"nbf":1,"exp":9999999999})"s,
       R"({"iss":"bora-admin","sub":"a","permission":"write","gen":-3,"iat":1,"nbf":1,"exp":9999999999})"s,
       R"({"iss":"bora-admin","sub":"a","permission":"write","gen":3,"iat":1,"nbf":1,"exp":1e20})"s,
       R"({"iss":"bora-admin","sub":"a","permission":"write","gen":3,"iat":1,"nbf":1,"exp":18446744073709551615})"s,
       R"({"iss":"other","sub":"a","permission":"write","gen":3,"iat":1,"nbf":1,"exp":9999999999})"s}) {
    INFO(wrong);
    CHECK(reason(tokens, signed_token(kHeader, wrong, EVP_sha256(), key_of(1))) == "malformed");
  }
}

TEST_CASE("the key of tokens is made once, for its owner alone") {
  const testing::TemporaryDirectory directory;
  const auto file = directory.path() / "token.key";
  const auto made = load_or_make_key(file);
  REQUIRE(made);
  CHECK(*load_or_make_key(file) == *made);
  CHECK(*load_or_make_key(directory.path() / "other.key") != *made);
  struct ::stat about {};
  REQUIRE(::stat(file.c_str(), &about) == 0);
  CHECK((about.st_mode & 0777) == 0600);
  CHECK(about.st_size == 32);

  REQUIRE(::chmod(file.c_str(), 0640) == 0);
  CHECK(load_or_make_key(file).error().kind == ErrorKind::kInvalid);
  REQUIRE(::chmod(file.c_str(), 0600) == 0);
  std::ofstream{file, std::ios::app} << 'x';
  CHECK(load_or_make_key(file).error().kind == ErrorKind::kInvalid);
  CHECK(load_or_make_key("/nowhere/token.key").error().kind == ErrorKind::kUnavailable);
}

TEST_CASE("base64 of URLs has one text for each value") {
  for (const std::string& bytes : {std::string{}, std::string{"a"}, std::string{"ab"},
                                   std::string{"abc"}, std::string{"\xff\xfe\0\x01", 4}})
    CHECK(decode_base64url(encode_base64url(bytes)) == bytes);
  for (const char* wrong : {"A", "AB", "AA==", "A+A", "A/A", "AAA A", "AAB"}) {
    INFO(wrong);
    CHECK_FALSE(decode_base64url(wrong));
  }
}
