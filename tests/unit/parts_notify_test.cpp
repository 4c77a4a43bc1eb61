#include <memory>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "bora/testing/manual_clock.hpp"
#include "support/temporary_directory.hpp"
#include "topologies/parts/notify.hpp"

using namespace bora;
using bora::testing::ManualClock;
using bora::testing::TemporaryDirectory;

namespace {

parts::NotifyOptions options_for(const std::string& url) {
  parts::NotifyOptions options;
  options.url = host::Url::parse(url).value();
  return options;
}

}  // namespace

TEST_CASE("make_notifier: log:FILE writes to that file") {
  const TemporaryDirectory directory;
  const auto path = directory.path() / "told.jsonl";
  const auto connect = parts::make_notifier(options_for("log:" + path.string()));
  REQUIRE(connect);
  const ManualClock clock;
  const auto notifier = (*connect)(clock, 0);
  REQUIRE(notifier->send({.key = "k"}, 1));
  notifier->flush({});
  CHECK(std::filesystem::file_size(path) > 0);
}

TEST_CASE(
    "make_notifier: an SMS service cannot be told about a device without a phone, a web hook can") {
  const ManualClock clock;
  const auto sms = parts::make_notifier(options_for("sms+http://127.0.0.1:1/send"));
  REQUIRE(sms);
  CHECK((*sms)(clock, 0)->send({.key = "k"}, 1).error().kind == ErrorKind::kInvalid);
  const auto hook = parts::make_notifier(options_for("http://127.0.0.1:1/hook"));
  REQUIRE(hook);
  CHECK((*hook)(clock, 0)->send({.key = "k"}, 1));
}

TEST_CASE("make_notifier: what can never work is refused before the program starts") {
  CHECK_FALSE(parts::make_notifier(options_for("sms+https://user:secret@host/")));
  CHECK_FALSE(parts::make_notifier(options_for("http://:80/")));
  parts::NotifyOptions options = options_for("https://127.0.0.1/");
  options.ca_file = "/nowhere/ca.pem";
  const auto refused = parts::make_notifier(options);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message.find("/nowhere/ca.pem") != std::string::npos);
}

TEST_CASE("make_notifier: the settings that name it are bound") {
  host::Settings settings;
  parts::NotifyOptions options;
  options.bind(settings);
  REQUIRE(settings.set("notify", "sms+https://sms.example/send", "test"));
  REQUIRE(settings.set("notifier.timeout", "3s", "test"));
  CHECK_FALSE(settings.set("notify", "smtp://host", "test"));
  CHECK(options.url.scheme() == "sms+https");
  CHECK(options.timeout == std::chrono::seconds{3});
}
