// The example of docs/cookbook/batch.md.

#include <chrono>
#include <map>
#include <span>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "bora/batch_sink.hpp"
#include "bora/testing/bolt_tester.hpp"

namespace cookbook_batch {

using namespace std::chrono_literals;

// [bolt]
struct Row {
  std::string key;
  int value = 0;
};
/// Your database: writes all rows or none, and the same row twice is one row.
struct Database {
  virtual ~Database() = default;
  virtual bora::Status upsert(std::span<const Row> rows) = 0;
};

/// Writes up to 500 rows in one transaction. A row is acked when its transaction is committed.
class SaveRows final : public bora::BatchSink<Row> {
 public:
  explicit SaveRows(Database& database)
      : BatchSink({.max_items = 500, .max_age = 50ms}), database_(database) {}

 protected:
  // kUnavailable: the source waits and brings the rows again. kInvalid: halves are written again,
  // until the row that is wrong stands alone and becomes a dead letter.
  bora::Status write(std::span<const Row> batch) override { return database_.upsert(batch); }

 private:
  Database& database_;
};
// [/bolt]

// [test]
struct Table final : Database {
  bora::Status upsert(std::span<const Row> rows) override {
    for (const Row& row : rows)
      if (row.key.empty()) return {bora::ErrorKind::kInvalid, "a row without a key"};
    for (const Row& row : rows)
      values[row.key] = row.value;
    return {};
  }
  std::map<std::string, int> values;
};

TEST_CASE("cookbook: one bad row of a batch fails alone") {
  Table table;
  bora::testing::BoltTester t{[&] { return SaveRows{table}; }};
  const auto fed = t.feed_all({{"a", 1}, {"b", 2}, {"", 3}, {"d", 4}});
  CHECK(table.values == std::map<std::string, int>{{"a", 1}, {"b", 2}, {"d", 4}});
  CHECK(fed[0].acked());
  REQUIRE(fed[2].failed());
  CHECK(fed[2].failure().kind == bora::FailureKind::kPermanent);
}
// [/test]

}  // namespace cookbook_batch
