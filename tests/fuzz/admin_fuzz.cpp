#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "bora/check.hpp"
#include "connectors/http/router.hpp"
#include "connectors/http/target.hpp"
#include "connectors/http/url.hpp"
#include "services/admin/base64url.hpp"
#include "services/admin/bodies.hpp"
#include "services/admin/change.hpp"
#include "services/admin/strict_json.hpp"
#include "services/admin/token.hpp"
#include "services/admin/users.hpp"

using namespace bora;
using namespace bora::admin;

namespace {

const Tokens& tokens() {
  static const Tokens kTokens{Tokens::Key{}};
  return kTokens;
}

// No bytes are a valid token, save those that the right key signed.
void check_token(std::string_view bytes) {
  const WallTime now = from_millis(1'700'000'000'000);
  const Claims claims{.user = "ana",
                      .permission = Permission::kRead,
                      .generation = 1,
                      .issued_at = std::chrono::seconds{1'700'000'000},
                      .expires_at = std::chrono::seconds{1'700'003'600}};
  static const std::string kGood = tokens().issue(claims);
  const auto checked = tokens().check(bytes, now);
  BORA_CHECK(!checked || bytes == kGood, "a token that nobody issued");
  // And what begins like a good one, up to each dot.
  const std::string body = kGood.substr(0, kGood.rfind('.') + 1) + std::string{bytes};
  BORA_CHECK(!tokens().check(body, now) || body == kGood, "another signature");
}

void check_target(std::string_view bytes) {
  if (const auto decoded = http::decode_percent(bytes))
    BORA_CHECK(decoded->size() <= bytes.size(), "more bytes out of escapes than went in");
  static_cast<void>(http::find_in_query(bytes, "after"));
  if (const auto auth = http::parse_basic_auth(bytes))
    BORA_CHECK(auth->user.find(':') == std::string::npos, "a colon in a user");
  const std::string_view token = http::parse_bearer(bytes);
  BORA_CHECK(token.find(' ') == std::string_view::npos, "a space in a token");
  const auto url = http::parse_http_url(bytes);
  if (url)
    BORA_CHECK(!url->host.empty() && url->target.starts_with('/'), "a URL without its parts");
  static const auto kRouter = [] {
    auto router = std::make_unique<http::internal::Router>();
    const auto nothing = [](const http::Request&) { return http::text(200, ""); };
    for (const char* path : {"/", "/a", "/a/{id}", "/a/{id}/b", "/{x}/{y}"})
      router->add(http::Method::kGet, path, http::Server::Handler{nothing});
    return router;
  }();
  const auto match = kRouter->find(http::Method::kGet, bytes);
  BORA_CHECK(match.target == nullptr || bytes.starts_with('/'), "a path without its slash");
}

void check_body(std::string_view bytes) {
  if (const auto text = decode_base64url(bytes))
    BORA_CHECK(encode_base64url(*text) == bytes, "two encodings of one text");
  if (const auto change = decode_change(7, bytes))
    BORA_CHECK(*decode_change(7, encode_change(*change)) == *change, "another change");
  if (const auto user = decode_user("ana", bytes))
    BORA_CHECK(*decode_user("ana", encode_user(*user)) == *user, "another user");
  const auto object = parse_object(bytes);
  if (!object) {
    BORA_CHECK(!object.error().message.empty(), "a refusal without a text");
    return;
  }
  if (auto config = read_config(*object))
    for (const auto& [name, value] : *config)
      BORA_CHECK(object->at(name) == value, "a config of other texts");
  static_cast<void>(read_older_form(*object));
}

}  // namespace

/// Any bytes as what strangers send: the first says as what.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes{reinterpret_cast<const char*>(data) + 1, size - 1};
  switch (data[0]) {
    case 't': check_token(bytes); break;
    case 'p': check_target(bytes); break;
    default: check_body(bytes); break;
  }
  return 0;
}
