#include <limits>
#include <string>

#include <catch2/catch.hpp>

#include "topologies/coldchain/alert.hpp"

using namespace bora;
using namespace bora::coldchain;

namespace {

Alert hot() {
  return {.device_id = DeviceId{123},
          .kind = AlertKind::kTooHot,
          .value = 9.5,
          .limit = 8,
          .time = from_millis(1'466'380'800'123),
          .info = {.name = "Milk", .group = "Shop 4", .owner = "Ana", .phone = "+351 1"}};
}

std::string written(const Alert& alert) {
  std::string text;
  write_alert(alert, text);
  return text;
}

RejectReason reason_of(const std::string& text) { return parse_alert(text).rejection().reason; }

const std::string kPlain =
    R"({"id":"7-silent-5","device":7,"kind":"silent","value":3601.0,"limit":3600.0,"time":5})";

}  // namespace

TEST_CASE("alert: its JSON is one line in the order of the wire format") {
  CHECK(
      written(hot()) ==
      R"({"id":"123-too_hot-1466380800123","device":123,"kind":"too_hot","value":9.5,"limit":8.0,)"
      R"("time":1466380800123,"info":{"name":"Milk","group":"Shop 4","owner":"Ana","phone":"+351 1"}})");
}

TEST_CASE("alert: every kind comes back as it was written") {
  for (const AlertKind kind : {AlertKind::kTooHot, AlertKind::kTooCold, AlertKind::kLowBattery,
                               AlertKind::kSilent, AlertKind::kBack}) {
    Alert alert = hot();
    alert.kind = kind;
    alert.device_id = DeviceId{std::numeric_limits<std::uint64_t>::max()};
    if (kind == AlertKind::kBack) alert.info = {.name = "\"\n\\ \xC3\xA9"};
    const auto back = parse_alert(written(alert));
    REQUIRE(back);
    CHECK(*back == alert);
  }
}

TEST_CASE("alert: what is not known of a device is left out and may be missing") {
  Alert alert{.device_id = DeviceId{7},
              .kind = AlertKind::kSilent,
              .value = 3601,
              .limit = 3600,
              .time = from_millis(5),
              .info = {}};
  CHECK(written(alert) == kPlain);
  REQUIRE(parse_alert(kPlain));
  CHECK(*parse_alert(kPlain) == alert);
}

TEST_CASE("alert: a name that is not UTF-8 is written as JSON all the same") {
  Alert alert = hot();
  alert.info.name = "\xFFmilk";
  REQUIRE(parse_alert(written(alert)));
  CHECK(parse_alert(written(alert))->info.name == "\xEF\xBF\xBDmilk");
}

TEST_CASE("alert: what is no alert is refused with its reason") {
  const auto with = [](const std::string& what, const std::string& instead) {
    std::string text = kPlain;
    return text.replace(text.find(what), what.size(), instead);
  };
  CHECK(reason_of("") == RejectReason::kMalformedJson);
  CHECK(reason_of("[]") == RejectReason::kMalformedJson);
  CHECK(reason_of(kPlain + "x") == RejectReason::kMalformedJson);
  CHECK(reason_of("\xEF\xBB\xBF" + kPlain) == RejectReason::kMalformedJson);
  CHECK(reason_of(kPlain + std::string(1, '\0')) == RejectReason::kMalformedJson);
  CHECK(reason_of(with("3601.0", "1e999")) == RejectReason::kMalformedJson);
  CHECK(reason_of(with(R"("device":7,)", "")) == RejectReason::kMissingField);
  CHECK(reason_of(with(R"("device":7)", R"("device":7,"device":7)")) ==
        RejectReason::kDuplicateField);
  CHECK(reason_of(with(R"("device":7)", R"("device":"7")")) == RejectReason::kWrongType);
  CHECK(reason_of(with(R"("device":7)", R"("device":-7)")) == RejectReason::kOutOfRange);
  CHECK(reason_of(with(R"("kind":"silent")", R"("kind":"quiet")")) == RejectReason::kOutOfRange);
  CHECK(reason_of(with(R"("time":5)", R"("time":6)")) == RejectReason::kOutOfRange);
  CHECK(reason_of(with(R"("time":5)", R"("time":5,"info":1)")) == RejectReason::kWrongType);
  CHECK(reason_of(with(R"("time":5)", R"("time":5,"info":{"name":1})")) ==
        RejectReason::kWrongType);
  CHECK(reason_of(with(R"("time":5)", R"("time":5,"info":{"name":"a","name":"b"})")) ==
        RejectReason::kDuplicateField);
  CHECK(reason_of(with(R"("time":5)", R"("time":5,"x":)" + std::string(16, '[') +
                                          std::string(16, ']'))) == RejectReason::kTooDeep);
  CHECK(reason_of(with(R"("time":5)", R"("time":5,"x":")" + std::string(65'536, 'x') + '"')) ==
        RejectReason::kTooLarge);
  CHECK(parse_alert(with(R"("time":5)", R"("time":5,"x":1,"x":[{"id":1,"id":2}])")));
}

TEST_CASE("alert: the sentence names device, value, limit and time") {
  Alert alert = hot();
  CHECK(notification_text(alert) == "Milk (Shop 4): 9.5 C, above 8 C, at 2016-06-20T00:00:00Z");
  alert.kind = AlertKind::kTooCold;
  alert.info = {};
  CHECK(notification_text(alert) == "Device 123: 9.5 C, below 8 C, at 2016-06-20T00:00:00Z");
  alert.kind = AlertKind::kLowBattery;
  CHECK(notification_text(alert) ==
        "Device 123: battery at 9.5 %, below 8 %, at 2016-06-20T00:00:00Z");
  alert.kind = AlertKind::kSilent;
  alert.value = 7'530;
  CHECK(notification_text(alert) ==
        "Device 123: no reading for 2 h 5 min, the last one at 2016-06-20T00:00:00Z");
  alert.kind = AlertKind::kBack;
  alert.value = 7'200;
  CHECK(notification_text(alert) ==
        "Device 123: reports again, after 2 h, since 2016-06-20T00:00:00Z");
}
