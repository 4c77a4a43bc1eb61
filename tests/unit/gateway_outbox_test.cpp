#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "bora/clock.hpp"
#include "services/gateway/outbox.hpp"
#include "support/temporary_directory.hpp"

using namespace bora;
using gateway::Outbox;
using gateway::OutboxRow;

namespace {

const std::string kTopic = "reports";
constexpr WallTime kNow{std::chrono::milliseconds{1'000}};

struct Fixture {
  testing::TemporaryDirectory directory;
  std::filesystem::path path = directory.path() / "outbox.db";

  std::unique_ptr<Outbox> open(std::size_t max_bytes = 1 << 20) const {
    auto outbox = Outbox::open({.path = path, .max_bytes = max_bytes});
    REQUIRE(outbox);
    return *std::move(outbox);
  }
};

std::vector<std::string> messages_of(Outbox& outbox) {
  std::vector<std::string> messages;
  const auto rows = outbox.first(1000, 1 << 20);
  REQUIRE(rows);
  for (const OutboxRow& row : *rows)
    messages.push_back(row.message);
  return messages;
}

std::vector<std::int64_t> ids_of(Outbox& outbox, std::size_t max_rows) {
  std::vector<std::int64_t> ids;
  const auto rows = outbox.first(max_rows, 1 << 20);
  REQUIRE(rows);
  for (const OutboxRow& row : *rows)
    ids.push_back(row.id);
  return ids;
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("an outbox gives its messages in the order in which they came, also when opened anew") {
  const Fixture fixture;
  {
    const auto outbox = fixture.open();
    REQUIRE(outbox->append(Texts{"a", "b"}, kTopic, kNow));
    REQUIRE(outbox->append(Texts{"c"}, "other", kNow + std::chrono::milliseconds{5}));
  }
  const auto outbox = fixture.open();
  CHECK(messages_of(*outbox) == Texts{"a", "b", "c"});
  const auto rows = outbox->first(3, 1000);
  REQUIRE(rows);
  CHECK((*rows)[0].topic == "reports");
  CHECK((*rows)[0].timestamp == kNow);
  CHECK((*rows)[2].topic == "other");
  CHECK((*rows)[2].timestamp == kNow + std::chrono::milliseconds{5});
}

TEST_CASE("what was removed does not come again, and what was not does") {
  const Fixture fixture;
  {
    const auto outbox = fixture.open();
    REQUIRE(outbox->append(Texts{"a", "b", "c"}, kTopic, kNow));
    REQUIRE(outbox->remove(ids_of(*outbox, 2), kNow));
  }
  CHECK(messages_of(*fixture.open()) == Texts{"c"});
}

TEST_CASE("an id never stands for a second message, even when the outbox was empty") {
  const Fixture fixture;
  std::vector<std::int64_t> first;
  {
    const auto outbox = fixture.open();
    REQUIRE(outbox->append(Texts{"a"}, kTopic, kNow));
    first = ids_of(*outbox, 1);
    REQUIRE(outbox->remove(first, kNow));
  }
  const auto outbox = fixture.open();
  REQUIRE(outbox->append(Texts{"b"}, kTopic, kNow));
  CHECK(ids_of(*outbox, 1) > first);
}

TEST_CASE(
    "a full outbox refuses the newest whole, keeps the others and takes more when there is room") {
  const Fixture fixture;
  const auto outbox = fixture.open(10);
  REQUIRE(outbox->append(Texts{"12345", "6789"}, kTopic, kNow));
  const Status refused = outbox->append(Texts{"x", "y"}, kTopic, kNow);
  REQUIRE_FALSE(refused);
  CHECK(refused.is_retryable());
  CHECK_THAT(std::string{refused.message()}, Catch::Contains("outbox is full: 9 of 10 bytes"));
  CHECK(messages_of(*outbox) == Texts{"12345", "6789"});
  REQUIRE(outbox->remove(ids_of(*outbox, 1), kNow));
  CHECK(outbox->append(Texts{"x", "y"}, kTopic, kNow));
}

TEST_CASE("an outbox gives no more rows or bytes than asked for, but one at least") {
  const Fixture fixture;
  const auto outbox = fixture.open();
  REQUIRE(outbox->append(Texts{"12345", "12345", "12345"}, kTopic, kNow));
  CHECK(outbox->first(2, 1000)->size() == 2);
  CHECK(outbox->first(1000, 10)->size() == 2);
  CHECK(outbox->first(1000, 1)->size() == 1);
}

TEST_CASE("two openings of one outbox see what the other did") {
  const Fixture fixture;
  const auto input = fixture.open();
  const auto output = fixture.open();
  REQUIRE(input->append(Texts{"a", "b"}, kTopic, kNow));
  REQUIRE(output->remove(ids_of(*output, 1), kNow));
  CHECK(messages_of(*input) == Texts{"b"});
  CHECK(input->summary()->rows == 1);
}

TEST_CASE("the summary counts what waits, and says when and why delivery went or did not") {
  const Fixture fixture;
  const auto outbox = fixture.open();
  CHECK_FALSE(outbox->summary()->oldest);
  REQUIRE(outbox->append(Texts{"\xc3\xa4", "bb"}, kTopic, kNow));
  REQUIRE(outbox->note_error("no broker", from_millis(2000)));
  auto summary = Outbox::open_read_only(fixture.path).value()->summary();
  REQUIRE(summary);
  CHECK(summary->rows == 2);
  CHECK(summary->bytes == 4);  // not characters
  CHECK(summary->oldest == kNow);
  CHECK(summary->last_error == "no broker");
  CHECK(summary->last_error_time == from_millis(2000));
  CHECK_FALSE(summary->last_delivery);

  REQUIRE(outbox->remove(ids_of(*outbox, 1), from_millis(3000)));
  summary = outbox->summary();
  CHECK(summary->rows == 1);
  CHECK(summary->bytes == 2);
  CHECK(summary->delivered == 1);
  CHECK(summary->last_delivery == from_millis(3000));
  CHECK(summary->last_error.empty());
}

TEST_CASE("an outbox can be read and written by its owner alone") {
  const Fixture fixture;
  const auto outbox = fixture.open();
  REQUIRE(outbox->append(Texts{"a"}, kTopic, kNow));
  using std::filesystem::perms;
  for (const char* const suffix : {"", "-wal", "-shm"})
    CHECK(std::filesystem::status(fixture.path.string() + suffix).permissions() ==
          (perms::owner_read | perms::owner_write));
}

TEST_CASE("a file that is no outbox is refused, and a missing one is not made to be looked at") {
  const Fixture fixture;
  CHECK(Outbox::open_read_only(fixture.path).status().error().kind == ErrorKind::kNotFound);
  CHECK_FALSE(std::filesystem::exists(fixture.path));
  auto database = sqlite::Database::open({.path = fixture.path});
  REQUIRE(database);
  REQUIRE((*database)->run("PRAGMA user_version = 99", "pretend"));
  const auto outbox = Outbox::open({.path = fixture.path});
  REQUIRE_FALSE(outbox);
  CHECK(outbox.error().kind == ErrorKind::kInvalid);
  CHECK_THAT(outbox.error().message, Catch::Contains("version"));
}

TEST_CASE("what was answered is on the disk: the connection of input syncs each commit") {
  const Fixture fixture;
  const auto database = sqlite::Database::open({.path = fixture.path});
  REQUIRE(database);
  auto mode = (*database)->prepare("PRAGMA journal_mode", "ask");
  REQUIRE(mode->step().value());
  CHECK(mode->text(0) == "wal");
  auto synchronous = (*database)->prepare("PRAGMA synchronous", "ask");
  REQUIRE(synchronous->step().value());
  CHECK(synchronous->integer(0) == 2);  // FULL
}

TEST_CASE("a transaction that is not committed has not happened") {
  const Fixture fixture;
  const auto database = sqlite::Database::open({.path = fixture.path});
  REQUIRE(database);
  REQUIRE((*database)->run("CREATE TABLE t(x)", "make"));
  {
    const auto transaction = sqlite::Transaction::begin(**database, "insert");
    REQUIRE(transaction);
    REQUIRE((*database)->run("INSERT INTO t VALUES(1)", "insert"));
  }
  auto count = (*database)->prepare("SELECT count(*) FROM t", "count");
  REQUIRE(count->step().value());
  CHECK(count->integer(0) == 0);
}

TEST_CASE("an outbox keeps the trace of a message, when it has one") {
  const Fixture fixture;
  {
    const auto outbox = fixture.open();
    const std::vector<gateway::OutboxMessage> messages{{"a", "00-trace"}, {"b"}};
    REQUIRE(outbox->append(messages, kTopic, kNow));
  }
  const auto rows = fixture.open()->first(3, 1000);
  REQUIRE(rows);
  REQUIRE(rows->size() == 2);
  CHECK((*rows)[0].traceparent == "00-trace");
  CHECK((*rows)[1].traceparent.empty());
}

TEST_CASE("an outbox from before traces keeps what it holds, and older programs go on with it") {
  const Fixture fixture;
  auto old = sqlite::Database::open({.path = fixture.path});
  REQUIRE(old);
  // As it was made then.
  REQUIRE((*old)->run(R"(
    CREATE TABLE messages(id INTEGER PRIMARY KEY AUTOINCREMENT, timestamp INTEGER NOT NULL,
                          message TEXT NOT NULL, topic TEXT NOT NULL);
    CREATE TABLE waiting(messages INTEGER NOT NULL, bytes INTEGER NOT NULL);
    INSERT INTO waiting VALUES(0, 0);
    CREATE TRIGGER comes AFTER INSERT ON messages BEGIN
      UPDATE waiting SET messages = messages + 1, bytes = bytes + length(CAST(NEW.message AS BLOB));
    END;
    CREATE TRIGGER goes AFTER DELETE ON messages BEGIN
      UPDATE waiting SET messages = messages - 1, bytes = bytes - length(CAST(OLD.message AS BLOB));
    END;
    CREATE TABLE delivery(delivered INTEGER NOT NULL, last INTEGER NOT NULL, error TEXT NOT NULL,
                          error_time INTEGER NOT NULL);
    INSERT INTO delivery VALUES(3, 0, '', 0);
    PRAGMA user_version = 1;)",
                      "make an old outbox"));
  auto insert = (*old)->prepare(
      "INSERT INTO messages(timestamp, message, topic) VALUES(1000, ?, 'reports')", "store");
  REQUIRE(insert);
  const std::string before = "before";
  const std::string late = "late";
  insert->bind(0, before);
  REQUIRE(insert->run());
  CHECK(Outbox::open_read_only(fixture.path).value()->summary()->rows == 1);

  const auto outbox = fixture.open();
  const std::vector<gateway::OutboxMessage> traced{{"new", "00-trace"}};
  REQUIRE(outbox->append(traced, kTopic, kNow));
  insert->bind(0, late);
  REQUIRE(insert->run());
  CHECK(messages_of(*fixture.open()) == Texts{"before", "new", "late"});
  CHECK(outbox->first(3, 1000)->at(1).traceparent == "00-trace");
  CHECK(outbox->summary()->rows == 3);
  CHECK(outbox->summary()->delivered == 3);
  auto version = (*old)->prepare("PRAGMA user_version", "look");
  REQUIRE(version);
  REQUIRE(version->step());
  CHECK(version->integer(0) == 1);  // what an older program looks for when it comes back
}
