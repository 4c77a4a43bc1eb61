#include "services/admin/api_entries.hpp"

#include <charconv>

namespace bora::admin {

namespace {

std::optional<std::uint64_t> count_of(const std::string& text) {
  std::uint64_t count = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), count);
  return code == std::errc{} && end == text.data() + text.size() ? std::optional{count}
                                                                 : std::nullopt;
}

}  // namespace

OrResponse<Page> page_of(const http::Request& request) {
  Page page;
  if (const auto after = http::find_in_query(request.query, "after")) {
    page.after = count_of(*after);
    if (!page.after) return http::problem(422, "after is the last id of the page before");
  }
  if (const auto limit = http::find_in_query(request.query, "limit")) {
    const auto count = count_of(*limit);
    if (!count || *count == 0) return http::problem(422, "limit is a number from 1 on");
    page.limit = *count;
  }
  return page;
}

Answer answer_of_check(Api& api, const Exchange& exchange, const std::string& name,
                       const std::string& hash, const std::string& secret) {
  switch (api.check_secret(name, exchange.actor.address,
                           [&] { return coldchain::is_password(secret, hash); })) {
    case Api::Verdict::kTooMany: return {too_many_attempts()};
    case Api::Verdict::kWrong: return {http::problem(401, "this is not the secret of " + name)};
    case Api::Verdict::kRight: break;
  }
  return {json_response(200, {{"valid", true}})};
}

}  // namespace bora::admin
