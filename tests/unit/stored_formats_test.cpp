#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <rocksdb/db.h>

#include "bora/clock.hpp"
#include "services/admin/registry_store.hpp"
#include "support/temporary_directory.hpp"
#include "topologies/coldchain/state/embedded_state.hpp"
#include "topologies/datapoints/rocks_series.hpp"

// The topic log, the archive and the gateway's outbox have theirs beside their other tests.

using namespace bora;

namespace {

/// Changes what is stored behind the back of its owner, who does not have it open.
void overwrite(const std::filesystem::path& path, const std::string& key,
               const std::string& value) {
  std::vector<std::string> names;
  REQUIRE(rocksdb::DB::ListColumnFamilies({}, path.string(), &names).ok());
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  for (const std::string& name : names)
    families.emplace_back(name, rocksdb::ColumnFamilyOptions{});
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* opened = nullptr;
  REQUIRE(rocksdb::DB::Open({}, path.string(), families, &handles, &opened).ok());
  const std::unique_ptr<rocksdb::DB> database{opened};
  CHECK(database->Put({}, key, value).ok());
  for (rocksdb::ColumnFamilyHandle* handle : handles)
    CHECK(database->DestroyColumnFamilyHandle(handle).ok());
}

template <class Store>
void check_refused(const Result<Store>& opened, const std::string& format) {
  REQUIRE_FALSE(opened);
  CHECK(opened.error().kind == ErrorKind::kInvalid);
  CHECK_THAT(opened.error().message, Catch::Contains(format));
  CHECK_THAT(opened.error().message, Catch::Contains("use the"));
}

}  // namespace

TEST_CASE("a series store that a later version wrote is refused with both formats in the text") {
  const testing::TemporaryDirectory directory;
  const SystemClock clock;
  const auto open = [&] {
    return datapoints::RocksSeries::open({.path = directory.path()}, clock);
  };
  REQUIRE(open());
  overwrite(directory.path(), "format", "bora series 2");
  check_refused(open(), "bora series 2");
  overwrite(directory.path(), "format", "bora series 1");
  CHECK(open());
}

TEST_CASE("a state that a later version wrote is refused, whichever topology wrote it") {
  const testing::TemporaryDirectory directory;
  const auto open = [&] { return coldchain::EmbeddedState::open({.path = directory.path()}); };
  REQUIRE(open());  // no device was heard, no claim made
  overwrite(directory.path(), "format", "bora state 2");
  check_refused(open(), "bora state 2");
  overwrite(directory.path(), "format", "bora state 1");
  CHECK(open());
}

TEST_CASE("a registry that a later version wrote is refused with both formats in the text") {
  const testing::TemporaryDirectory directory;
  const SystemClock clock;
  const auto open = [&] {
    return admin::RegistryStore::open(directory.path() / "registry", clock);
  };
  REQUIRE(open());
  overwrite(directory.path() / "registry", "format", "bora registry 2");
  check_refused(open(), "bora registry 2");
  overwrite(directory.path() / "registry", "format", "bora registry 1");
  CHECK(open());
}
