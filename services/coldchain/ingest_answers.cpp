#include "services/coldchain/ingest_answers.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include <nlohmann/json.hpp>

namespace bora::ingest {

namespace {

http::Response retry_later(int status, const std::string& detail) {
  http::Response response = http::problem(status, detail);
  response.headers.push_back({"Retry-After", "1"});
  return response;
}

}  // namespace

http::Response accepted(std::uint64_t reports) {
  return http::json(202, "{\"accepted\":" + std::to_string(reports) + "}\n");
}

http::Response faulty(const ReportLines& lines) {
  if (lines.lines == 0)
    return http::problem(400, "the body holds no report: send one, or several divided by newlines");
  const bool is_too_large = std::any_of(
      lines.faults.begin(), lines.faults.end(),
      [](const LineFault& fault) { return fault.reason == coldchain::RejectReason::kTooLarge; });
  const int status = is_too_large ? 413 : 400;
  nlohmann::ordered_json body{
      {"type", "about:blank"},
      {"status", status},
      {"title", http::reason_of(status)},
      {"detail", std::to_string(lines.faulty_lines) + " of " + std::to_string(lines.lines) +
                     " lines are no reports; nothing of this request was taken: mend or leave out "
                     "the lines named in faults and send the others again"},
      {"faulty_lines", lines.faulty_lines},
      {"faults", nlohmann::ordered_json::array()}};
  for (const LineFault& fault : lines.faults)
    body["faults"].push_back({{"line", fault.line},
                              {"reason", coldchain::to_string(fault.reason)},
                              {"text", fault.text}});
  using Json = nlohmann::ordered_json;
  return {.status = status,
          .content_type = "application/problem+json",
          .body = body.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n"};
}

http::Response unsupported_type() {
  http::Response response =
      http::problem(415,
                    "send Content-Type: application/json for one report or application/x-ndjson "
                    "for several, not compressed");
  response.headers.push_back({"Accept", "application/json, application/x-ndjson"});
  return response;
}

http::Response too_many_waiting() {
  return retry_later(429, "too many requests wait for the disk; nothing of this one was taken");
}

http::Response not_queued(const Status& status) {
  if (status.is_retryable())
    return retry_later(429, "too many bytes wait for the disk; nothing of this request was taken");
  return retry_later(503, "the log takes no reports now; nothing of this request was taken");
}

http::Response not_durable(const Status&) {
  return retry_later(
      503,
      "the reports could not be made durable; send them again: should some be in the "
      "log after all, they are in it twice");
}

http::Response draining() {
  return retry_later(503, "this process is stopping; nothing of this request was taken");
}

}  // namespace bora::ingest
