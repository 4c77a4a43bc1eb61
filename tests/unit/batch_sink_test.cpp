#include "bora/batch_sink.hpp"

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "bora/testing/bolt_tester.hpp"

namespace {

using bora::ErrorKind;
using bora::FailureKind;
using bora::testing::BoltTester;
using namespace std::chrono_literals;

using Batch = std::vector<std::string>;

/// Notes every batch, and answers as it is told to.
class Sink final : public bora::BatchSink<std::string> {
 public:
  explicit Sink(bora::BatchOptions<std::string> options) : BatchSink(std::move(options)) {}
  std::vector<Batch> batches;
  std::function<bora::Status(const Batch&)> answer = [](const Batch&) { return bora::Status{}; };
  bool opened = false;
  std::function<void()> when_closed = [] {};

 private:
  bora::Status write(std::span<const std::string> batch) override {
    batches.emplace_back(batch.begin(), batch.end());
    return answer(batches.back());
  }
  bora::Status on_open(bora::Context&) override {
    opened = true;
    return {};
  }
  void on_close() override { when_closed(); }
};

using Options = bora::BatchOptions<std::string>;
auto sink(Options options) {
  return [options] { return Sink{options}; };
}

bool contains(const Batch& batch, const std::string& item) {
  return std::find(batch.begin(), batch.end(), item) != batch.end();
}

TEST_CASE(
    "batch sink: what came together is written together once the input is empty, then acked") {
  BoltTester t{sink({})};
  CHECK(t.bolt().opened);
  const auto fed = t.feed_all({"a", "b", "c"});
  CHECK(t.bolt().batches == std::vector<Batch>{{"a", "b", "c"}});
  for (const auto& f : fed)
    CHECK(f.acked());
  CHECK(t.feed("d").acked());
  CHECK(t.bolt().batches.size() == 2);
}

TEST_CASE("batch sink: nothing is acked before write has returned") {
  BoltTester t{sink({.max_items = 2, .flush = bora::BatchFlush::kByAge})};
  const auto first = t.feed("a");
  CHECK(first.pending());
  t.bolt().answer = [&](const Batch&) {
    CHECK(first.pending());
    return bora::Status{};
  };
  t.feed("b");
  CHECK(first.acked());
}

TEST_CASE("batch sink: a batch is full at max_items, or with the tuple that reaches max_bytes") {
  BoltTester t{sink({.max_items = 3,
                     .max_bytes = 10,
                     .size_of = [](const std::string& s) { return s.size(); },
                     .flush = bora::BatchFlush::kByAge})};
  t.feed_all({"1", "2", "3", "4", "123456789", "5", "1234567890", "6"});
  CHECK(t.bolt().batches ==
        std::vector<Batch>{{"1", "2", "3"}, {"4", "123456789"}, {"5", "1234567890"}});
}

TEST_CASE("batch sink: by age, a batch is written max_age after its first tuple") {
  BoltTester t{sink({.max_items = 3, .max_age = 100ms, .flush = bora::BatchFlush::kByAge})};
  t.feed("a");
  t.advance(99ms);
  t.feed("b");
  CHECK(t.bolt().batches.empty());
  t.advance(1ms);
  CHECK(t.bolt().batches == std::vector<Batch>{{"a", "b"}});

  // A batch that was full meanwhile does not make the next one leave early.
  t.feed("c");
  t.advance(60ms);
  t.feed_all({"d", "e", "f"});
  CHECK(t.bolt().batches.size() == 2);
  t.advance(99ms);
  CHECK(t.bolt().batches.size() == 2);
  t.advance(1ms);
  CHECK(t.bolt().batches.back() == Batch{"f"});
}

TEST_CASE("batch sink: a drain writes what is there") {
  BoltTester t{sink({.flush = bora::BatchFlush::kByAge})};
  const auto fed = t.feed("a");
  t.drain();
  CHECK(fed.acked());
}

TEST_CASE("batch sink: close writes what is there, before on_close") {
  BoltTester t{sink({.flush = bora::BatchFlush::kByAge})};
  t.feed("a");
  std::size_t written_at_close = 0;
  t.bolt().when_closed = [&] { written_at_close = t.bolt().batches.size(); };
  t.close();
  CHECK(written_at_close == 1);
}

TEST_CASE("batch sink: unavailable fails the whole batch as such, after one write") {
  BoltTester t{sink({})};
  t.bolt().answer = [](const Batch&) {
    return bora::Status{ErrorKind::kUnavailable, "store is down"};
  };
  const auto fed = t.feed_all({"a", "b", "c"});
  CHECK(t.bolt().batches.size() == 1);
  for (const auto& f : fed) {
    REQUIRE(f.failed());
    CHECK(f.failure().kind == FailureKind::kUnavailable);
    CHECK(f.failure().reason == "store is down");
  }
  t.bolt().answer = [](const Batch&) { return bora::Status{}; };
  CHECK(t.feed("a").acked());
  CHECK(t.bolt().batches.back() == Batch{"a"});
}

TEST_CASE("batch sink: a tuple that cannot be written is found by halving, and fails alone") {
  BoltTester t{sink({})};
  t.bolt().answer = [](const Batch& batch) {
    if (contains(batch, "bad")) return bora::Status{ErrorKind::kInvalid, "bad key"};
    if (contains(batch, "odd")) return bora::Status{ErrorKind::kInternal, "odd answer"};
    return bora::Status{};
  };
  const auto fed = t.feed_all({"a", "b", "bad", "c", "d", "e", "odd"});
  for (const std::size_t good : {0U, 1U, 3U, 4U, 5U})
    CHECK(fed[good].acked());
  REQUIRE(fed[2].failed());
  CHECK(fed[2].failure().kind == FailureKind::kPermanent);
  CHECK(fed[2].failure().reason == "bad key");
  REQUIRE(fed[6].failed());
  CHECK(fed[6].failure().kind == FailureKind::kError);
  CHECK(t.bolt().counts().written == 5);
  CHECK(t.bolt().counts().failed == 2);
  CHECK(t.bolt().counts().writes == t.bolt().batches.size());
}

TEST_CASE("batch sink: with kFailAll a bad batch fails whole, and nobody in it as permanent") {
  BoltTester t{sink({.on_error = bora::BatchError::kFailAll})};
  t.bolt().answer = [](const Batch&) { return bora::Status{ErrorKind::kInvalid, "bad key"}; };
  const auto fed = t.feed_all({"a", "b"});
  CHECK(t.bolt().batches.size() == 1);
  for (const auto& f : fed) {
    REQUIRE(f.failed());
    CHECK(f.failure().kind == FailureKind::kError);
  }
}

TEST_CASE(
    "batch sink: a half that finds the store down fails as unavailable, the other is written") {
  BoltTester t{sink({})};
  t.bolt().answer = [](const Batch& batch) {
    if (batch.size() == 4) return bora::Status{ErrorKind::kInternal, "too much"};
    if (contains(batch, "c")) return bora::Status{ErrorKind::kUnavailable, "down"};
    return bora::Status{};
  };
  const auto fed = t.feed_all({"a", "b", "c", "d"});
  CHECK(fed[0].acked());
  CHECK(fed[1].acked());
  for (const std::size_t i : {2U, 3U}) {
    REQUIRE(fed[i].failed());
    CHECK(fed[i].failure().kind == FailureKind::kUnavailable);
  }
}

TEST_CASE("batch sink: a throw from write is an error with its text") {
  BoltTester t{sink({})};
  t.bolt().answer = [](const Batch& batch) -> bora::Status {
    if (batch[0] == "permanent") throw bora::Permanent("never");
    if (batch[0] == "unavailable") throw bora::Unavailable("later");
    throw std::runtime_error("oops");
  };
  const auto error = t.feed("a");
  REQUIRE(error.failed());
  CHECK(error.failure().kind == FailureKind::kError);
  CHECK(error.failure().reason == "oops");
  const auto permanent = t.feed("permanent");
  REQUIRE(permanent.failed());
  CHECK(permanent.failure().kind == FailureKind::kPermanent);
  const auto unavailable = t.feed("unavailable");
  REQUIRE(unavailable.failed());
  CHECK(unavailable.failure().kind == FailureKind::kUnavailable);
}

TEST_CASE("batch sink: untracked tuples are written, too") {
  BoltTester t{sink({})};
  t.feed_untracked("a");
  CHECK(t.bolt().batches == std::vector<Batch>{{"a"}});
}

}  // namespace
