// The shared state in RocksDB: under the conformance suite, and what is its own.

#include <chrono>
#include <filesystem>
#include <fstream>
#include <vector>

#include <catch2/catch.hpp>

#include "support/state_conformance.hpp"
#include "support/temporary_directory.hpp"
#include "topologies/coldchain/state/embedded_state.hpp"

namespace bora::testing {

namespace {

class EmbeddedUnderTest final : public StateUnderTest {
 public:
  EmbeddedUnderTest() { open(); }
  std::unique_ptr<coldchain::SharedState> connect() override { return state_->connect(); }
  void restart() override {
    state_.reset();
    open();
  }
  void lose_everything() override {
    state_.reset();
    std::filesystem::remove_all(directory_.path() / "state");
    open();
  }

 private:
  void open() {
    // Power failures are not tested here, and a sync takes longer than all the rest.
    state_ = coldchain::EmbeddedState::open({.path = directory_.path() / "state",
                                             .durability = coldchain::Durability::kBuffered})
                 .value();
  }
  TemporaryDirectory directory_;
  std::unique_ptr<coldchain::EmbeddedState> state_;
};

}  // namespace

std::unique_ptr<StateUnderTest> make_state_under_test() {
  return std::make_unique<EmbeddedUnderTest>();
}

}  // namespace bora::testing

namespace bora::coldchain {

TEST_CASE("a second process cannot own the embedded state") {
  const testing::TemporaryDirectory directory;
  const auto first = EmbeddedState::open({.path = directory.path()});
  REQUIRE(first);
  const auto second = EmbeddedState::open({.path = directory.path()});
  REQUIRE_FALSE(second);
  CHECK(second.error().kind == ErrorKind::kUnavailable);
}

TEST_CASE("a reading that is not newer is not written to the embedded state") {
  const testing::TemporaryDirectory directory;
  const auto state = EmbeddedState::open({.path = directory.path()});
  REQUIRE(state);
  const auto handle = (*state)->connect();
  const std::vector<Sighting> heard{{DeviceId{1}, from_millis(1'000), 0}};
  REQUIRE(handle->last_seen().record(heard));
  const auto written = (*state)->stats().batches;
  REQUIRE(handle->last_seen().record(heard));
  CHECK((*state)->stats().batches == written);
  CHECK((*state)->stats().devices == 1);
}

}  // namespace bora::coldchain
