#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "services/gateway/device_message.hpp"
#include "services/gateway/http_input.hpp"
#include "services/gateway/line_input.hpp"
#include "topologies/coldchain/codec.hpp"

using namespace bora;
using namespace bora::gateway;

namespace {

const std::string kGood =
    R"({"device":{"id":123,"auth":"64089519511846157"},"reading":{"temp":4.5,"time":1466380800123,"batt":75}})";
const GatewayIdentity kGateway{coldchain::GatewayId{7}, coldchain::GatewaySecret{"B12F"}};

struct Store {
  std::vector<std::string> stored;
  Status next;
  StoreMessages function() {
    return [this](const std::vector<std::string>& messages) {
      if (next) stored.insert(stored.end(), messages.begin(), messages.end());
      return next;
    };
  }
};

}  // namespace

TEST_CASE("a report is the device's message with the gateway's identity, and keyed by device") {
  const auto report = make_report(kGateway, "  " + kGood);
  REQUIRE(report);
  CHECK(report->key == "123");
  const auto parsed = coldchain::parse_report(report->value);
  REQUIRE(parsed);
  CHECK(parsed->gateway_id == coldchain::GatewayId{7});
  CHECK(parsed->gateway_secret.reveal() == "B12F");
  CHECK(parsed->device_secret.reveal() == 64089519511846157u);
  CHECK(parsed->temperature == 4.5);
  CHECK(parsed->battery == 75);
}

TEST_CASE("a message is refused by the rules of the wire format") {
  using coldchain::RejectReason;
  const auto reason = [](const std::string& message) { return check_message(message)->reason; };
  CHECK_FALSE(check_message(kGood));
  CHECK_FALSE(check_message(R"({"more":[1],)" + kGood.substr(1)));
  CHECK(reason("{}") == RejectReason::kMissingField);
  CHECK(reason("{ }") == RejectReason::kMissingField);
  CHECK(reason("[]") == RejectReason::kMalformedJson);
  CHECK(reason("") == RejectReason::kMalformedJson);
  CHECK(reason(kGood.substr(0, 50)) == RejectReason::kMalformedJson);
  CHECK(reason(R"({"gateway":{"id":1,"token":"x"},)" + kGood.substr(1)) ==
        RejectReason::kDuplicateField);
  CHECK(reason(R"({"device":{"id":1,"auth":2},"reading":{"temp":4,"time":5,"batt":101}})") ==
        RejectReason::kOutOfRange);
  CHECK(reason(R"({"pad":")" + std::string(65'500, 'x') + "\"," + kGood.substr(1)) ==
        RejectReason::kTooLarge);
}

TEST_CASE("lines are answered in their order, each with what became of it") {
  Store store;
  LineInput lines{store.function()};
  CHECK(lines.take(kGood + "\nrubbish\n\n" + kGood + "\r\n") ==
        "ok\nrefused malformed_json: " + check_message("rubbish")->text + "\nok\n");
  CHECK(store.stored == std::vector<std::string>{kGood, kGood});
  CHECK(lines.accepted() == 2);
  CHECK(lines.not_accepted() == 1);
}

TEST_CASE("a line may come in pieces, and the last one without its newline") {
  Store store;
  LineInput lines{store.function()};
  CHECK(lines.take(kGood.substr(0, 30)).empty());
  CHECK(lines.take(kGood.substr(30)).empty());
  CHECK(lines.finish() == "ok\n");
  CHECK(store.stored.size() == 1);
}

TEST_CASE("a sender is told to come again when nothing could be stored, and only then") {
  Store store;
  store.next = Status{ErrorKind::kUnavailable, "the outbox is full"};
  LineInput lines{store.function()};
  CHECK(lines.take(kGood + "\nx\n").starts_with("retry the outbox is full\nrefused "));
  store.next = {};
  CHECK(lines.take(kGood + "\n") == "ok\n");
}

TEST_CASE("a line without end is refused once, and costs no memory") {
  Store store;
  LineInput lines{store.function()};
  std::string answers;
  for (int i = 0; i < 10; ++i)
    answers += lines.take(std::string(30'000, 'x'));
  answers += lines.take("\n" + kGood + "\n");
  CHECK(answers.starts_with("refused too_large"));
  CHECK(answers.ends_with("\nok\n"));
  CHECK(lines.not_accepted() == 1);
}

TEST_CASE("an HTTP request is taken whole or not at all") {
  std::vector<std::string> taken;
  Status outcome;
  const SubmitMessages submit = [&](std::vector<std::string> messages,
                                    const std::optional<TraceContext>&,
                                    const std::function<void(Status)>& done) -> Status {
    taken = std::move(messages);
    done(outcome);
    return {};
  };
  http::Response answer;
  const auto post = [&](const std::string& body) {
    taken.clear();
    http::Request request;
    request.body = body;
    take_request(request, submit, [&](http::Response response) { answer = std::move(response); });
    return answer.status;
  };
  CHECK(post(kGood + "\n\n" + kGood) == 202);
  CHECK(answer.body == "{\"accepted\":2}\n");
  CHECK(taken.size() == 2);
  CHECK(post(kGood + "\nrubbish\n") == 400);
  CHECK(taken.empty());
  CHECK_THAT(answer.body, Catch::Contains("line 2: malformed_json"));
  CHECK(post("") == 400);
  outcome = Status{ErrorKind::kUnavailable, "the outbox is full"};
  CHECK(post(kGood) == 503);
  CHECK(http::find_header(answer.headers, "Retry-After") == "10");
}
