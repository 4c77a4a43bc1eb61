#include <array>
#include <chrono>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "bora/testing/manual_clock.hpp"
#include "topologies/authentication/credential_memo.hpp"
#include "topologies/authentication/keyed_hash.hpp"
#include "topologies/authentication/rewrite.hpp"
#include "topologies/coldchain/codec.hpp"

using namespace bora;
using namespace bora::authentication;
using namespace std::chrono_literals;
using Answer = CredentialMemo::Answer;

namespace {

const std::string kReport =
    R"({"gateway":{"id":7,"token":"B12F31EBDDF2D982895195964FEAB0065031430B"},)"
    R"("device":{"id":123,"auth":64089519511846157},)"
    R"("reading":{"temp":4.50,"time":1466380800123,"batt":75}})";
const WallTime kReceived = from_millis(1466380800500);

std::string without_secrets(const std::string& report, std::string_view reason = {}) {
  REQUIRE(coldchain::parse_report(report));
  std::string out = "before ";
  write_without_secrets(report, kReceived, reason, out);
  REQUIRE(out.substr(0, 7) == "before ");
  out.erase(0, 7);
  REQUIRE(coldchain::parse_reading(out));
  return out;
}

MemoTag tag(std::uint64_t n) { return keyed_hash({3, 4}, std::to_string(n)); }

struct Memo {
  explicit Memo(MemoOptions options = {}) : memo(options) {}
  Answer ask(std::uint64_t id, std::uint64_t secret) {
    return memo.ask(id, tag(secret), clock.now());
  }
  std::optional<CheckLane> admit(std::uint64_t id, std::uint64_t secret,
                                 std::uint64_t generation = 1) {
    return memo.admit(id, generation, tag(secret), clock.now());
  }
  bora::testing::ManualClock clock;
  CredentialMemo memo;
};

}  // namespace

TEST_CASE("the keyed hash is SipHash-2-4 with 128 bits") {
  // What `openssl mac -macopt hexkey:000102...0f -macopt size:16 SIPHASH` says of 0 and of 15 bytes.
  const MemoKey key{0x0706050403020100, 0x0f0e0d0c0b0a0908};
  const MemoTag none = keyed_hash(key, "");
  CHECK(none.low == 0xe6a825ba047f81a3);
  CHECK(none.high == 0x930255c71472f66d);
  std::string bytes;
  for (char c = 0; c < 15; ++c)
    bytes.push_back(c);
  const MemoTag some = keyed_hash(key, bytes);
  CHECK(some.low == 0x11a8b03399e99354);
  CHECK(some.high == 0xd9c3cf970fec087e);
}

TEST_CASE("a tag changes with the key, the id, the secret and the hash") {
  const MemoTag base = memo_tag({1, 2}, 3, "secret", "hash");
  CHECK(is_same(base, memo_tag({1, 2}, 3, "secret", "hash")));
  CHECK_FALSE(is_same(base, memo_tag({1, 3}, 3, "secret", "hash")));
  CHECK_FALSE(is_same(base, memo_tag({1, 2}, 4, "secret", "hash")));
  CHECK_FALSE(is_same(base, memo_tag({1, 2}, 3, "secreT", "hash")));
  CHECK_FALSE(is_same(base, memo_tag({1, 2}, 3, "secret", "hasH")));
  CHECK_FALSE(is_same(base, memo_tag({1, 2}, 3, "secreth", "ash")));
}

TEST_CASE("an accepted report loses its secrets and keeps the rest as it was written") {
  CHECK(without_secrets(kReport) ==
        R"({"gateway":{"id":7},"device":{"id":123},)"
        R"("reading":{"temp":4.50,"time":1466380800123,"batt":75},"received":1466380800500})");
  CHECK(without_secrets("{ \"x\" : [1, {\"auth\":\"}]\\\"\"}] , \"received\":\"never\",\n"
                        "\"device\":{\"auth\":\"1\", \"n\":{\"token\":[]},\"id\":1},\"reading\":"
                        "{\"batt\":1,\"time\":2,\"temp\":-3e1, \"more\":null},"
                        "\"gateway\" : { \"token\" : \"T\" , \"id\" : 2 , \"up\" : true } }") ==
        "{\"x\":[1, {\"auth\":\"}]\\\"\"}],\"device\":{\"n\":{\"token\":[]},\"id\":1},\"reading\":"
        "{\"batt\":1,\"time\":2,\"temp\":-3e1, \"more\":null},"
        "\"gateway\":{\"id\":2,\"up\":true},\"received\":1466380800500}");
}

TEST_CASE("a rejected report begins with its reason") {
  const auto text = without_secrets(kReport, "bad_device_token");
  CHECK(text.substr(0, 43) == R"({"reason":"bad_device_token","gateway":{"id)");
  CHECK(text.find("6408951951") == std::string::npos);
}

TEST_CASE("a secret cannot hide behind an escaped name") {
  std::string report = kReport;
  report.replace(report.find("token"), 5, R"(\u0074oken)");
  const auto plain = without_secrets(report);
  CHECK(plain.find("B12F31EB") == std::string::npos);
  CHECK(plain.find("oken") == std::string::npos);
  const auto rejected = without_secrets(report, "unknown_device");
  CHECK(rejected.find("B12F31EB") == std::string::npos);
  CHECK(rejected.substr(0, 37) == R"({"reason":"unknown_device","gateway":)");
}

TEST_CASE("what was right is remembered for its time, for its id alone") {
  Memo memo{{.keep = 10min}};
  CHECK(memo.ask(1, 10) == Answer::kUnknown);
  memo.memo.remember_right(1, tag(10), memo.clock.now());
  CHECK(memo.ask(1, 10) == Answer::kRight);
  CHECK(memo.ask(2, 10) == Answer::kUnknown);
  CHECK(memo.ask(1, 11) == Answer::kUnknown);
  memo.clock.advance(10min - 1ns);
  CHECK(memo.ask(1, 10) == Answer::kRight);
  memo.clock.advance(1ns);
  CHECK(memo.ask(1, 10) == Answer::kUnknown);
}

TEST_CASE("what was wrong is remembered for its time, in bounded memory") {
  Memo memo{{.keep = 10min, .max_wrong = 4}};
  memo.memo.remember_wrong(tag(10), memo.clock.now());
  CHECK(memo.ask(1, 10) == Answer::kWrong);
  memo.clock.advance(10min);
  CHECK(memo.ask(1, 10) == Answer::kUnknown);
  int kept = 0;
  for (std::uint64_t n = 0; n < 100; ++n)
    memo.memo.remember_wrong(tag(n), memo.clock.now());
  for (std::uint64_t n = 0; n < 100; ++n)
    kept += memo.ask(1, n) == Answer::kWrong;
  CHECK(kept == 4);
}

TEST_CASE("the first secret of an id is trusted, others are suspect and few") {
  Memo memo{{.suspect_checks = 2, .suspect_refill = 10s}};
  CHECK(memo.admit(1, 10) == CheckLane::kTrusted);
  CHECK(memo.admit(1, 11) == CheckLane::kSuspect);
  CHECK(memo.admit(1, 12) == CheckLane::kSuspect);
  CHECK(memo.admit(1, 13) == std::nullopt);
  CHECK(memo.admit(2, 13) == CheckLane::kTrusted);
  memo.clock.advance(10s);
  CHECK(memo.admit(1, 13) == CheckLane::kSuspect);
  CHECK(memo.admit(1, 14) == std::nullopt);
  memo.clock.advance(1h);
  CHECK(memo.admit(1, 14) == CheckLane::kSuspect);
  CHECK(memo.admit(1, 15) == CheckLane::kSuspect);
  CHECK(memo.admit(1, 16) == std::nullopt);
}

TEST_CASE("a secret that was right is trusted again when its time is over, budget or not") {
  Memo memo{{.keep = 10min, .suspect_checks = 0}};
  CHECK(memo.admit(1, 10) == CheckLane::kTrusted);
  memo.memo.remember_right(1, tag(10), memo.clock.now());
  CHECK(memo.admit(1, 11) == std::nullopt);
  memo.clock.advance(1h);
  CHECK(memo.admit(1, 10) == CheckLane::kTrusted);
}

TEST_CASE("a change of the registry's entry gives an id its trust back") {
  Memo memo{{.suspect_checks = 0}};
  CHECK(memo.admit(1, 10, 1) == CheckLane::kTrusted);
  CHECK(memo.admit(1, 11, 1) == std::nullopt);
  CHECK(memo.admit(1, 12, 2) == CheckLane::kTrusted);
  CHECK(memo.admit(1, 13, 2) == std::nullopt);
}

TEST_CASE("the ids that are remembered are bounded") {
  Memo memo{{.max_ids = 8}};
  for (std::uint64_t id = 0; id < 100; ++id) {
    static_cast<void>(memo.admit(id, 1));
    memo.memo.remember_right(id, tag(1), memo.clock.now());
    CHECK(memo.ask(id, 1) == Answer::kRight);
  }
  CHECK(memo.memo.ids() == 8);
}
