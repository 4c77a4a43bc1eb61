#include "services/gateway/http_input.hpp"

#include <cstdint>
#include <string_view>
#include <utility>

#include "services/gateway/device_message.hpp"

namespace bora::gateway {
namespace {

http::Response not_stored(const Status& status) {
  http::Response response = http::problem(503, status.message());
  response.headers.push_back({"Retry-After", "10"});
  return response;
}

/// The messages of a body, or why it has none.
Result<std::vector<std::string>> split(std::string_view body) {
  std::vector<std::string> messages;
  for (std::uint64_t number = 1; !body.empty(); ++number) {
    const std::size_t end = body.find('\n');
    std::string_view line = body.substr(0, end);
    body.remove_prefix(end == std::string_view::npos ? body.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.find_first_not_of(" \t") == std::string_view::npos) continue;
    if (const auto rejection = check_message(line)) {
      return Error{ErrorKind::kInvalid, "line " + std::to_string(number) + ": " +
                                            std::string{to_string(rejection->reason)} + ": " +
                                            rejection->text +
                                            "; nothing of this request was taken"};
    }
    messages.emplace_back(line);
  }
  if (messages.empty())
    return Error{ErrorKind::kInvalid,
                 "the body holds no message: send one, or several divided by newlines"};
  return messages;
}

}  // namespace

void take_request(const http::Request& request, const SubmitMessages& submit,
                  std::function<void(http::Response)> answer) {
  auto messages = split(request.body);
  if (!messages) return answer(http::problem(400, messages.error().message));
  const std::size_t count = messages->size();
  const auto trace = parse_traceparent(http::find_header(request.headers, kTraceparent));
  const Status queued = submit(*std::move(messages), trace, [count, answer](const Status& stored) {
    answer(stored ? http::json(202, "{\"accepted\":" + std::to_string(count) + "}\n")
                  : not_stored(stored));
  });
  if (!queued) answer(not_stored(queued));
}

}  // namespace bora::gateway
