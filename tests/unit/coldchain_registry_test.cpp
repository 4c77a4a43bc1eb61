#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "topologies/coldchain/registry.hpp"
#include "topologies/coldchain/registry_view.hpp"

using namespace bora;
using namespace bora::coldchain;

namespace {

const std::string kHash = "$2b$10$abcdefghijklmnopqrstuv0123456789012345678901234567890";
const std::string kDeviceValue = R"({"version":1,"auth":")" + kHash +
                                 R"(","state":"active","config":{"name":"Fridge","limit":"8"}})";
const std::string kGatewayValue = R"({"version":1,"auth":")" + kHash + R"(","config":{}})";

DeviceEntry device(std::uint64_t id, State state = State::kActive) {
  return {DeviceId{id}, kHash, state, {{"name", "Fridge"}, {"limit", "8"}}};
}
GatewayEntry gateway(std::uint64_t id) { return {GatewayId{id}, kHash, {{"site", "Porto"}}}; }

Record record(std::string key, std::string value) {
  Record record;
  record.key = std::move(key);
  record.value = std::move(value);
  return record;
}

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  const std::size_t at = text.find(what);
  REQUIRE(at != std::string::npos);
  return text.replace(at, what.size(), with);
}

std::string refusal(const Record& record) {
  const auto change = read_registry_record(record);
  INFO(record.value);
  REQUIRE_FALSE(change);
  CHECK(change.error().kind == ErrorKind::kInvalid);
  CHECK(change.error().message.find(kHash) == std::string::npos);
  return change.error().message;
}
std::string refusal_of_device(const std::string& value) {
  return refusal(record("device/123", value));
}

}  // namespace

TEST_CASE("a device's record is read as the entry that was written") {
  const auto written = registry_record(device(123));
  REQUIRE(written);
  CHECK(written->key == "device/123");
  const auto read = read_registry_record(*written);
  REQUIRE(read);
  CHECK(std::get<DeviceEntry>(*read) == device(123));
}

TEST_CASE("a gateway's record is read as the entry that was written") {
  const auto written = registry_record(gateway(7));
  REQUIRE(written);
  CHECK(written->key == "gateway/7");
  CHECK(std::get<GatewayEntry>(*read_registry_record(*written)) == gateway(7));
}

TEST_CASE("the bytes that the header of registry.hpp shows are read") {
  const auto read = read_registry_record(record("device/123", kDeviceValue));
  REQUIRE(read);
  CHECK(std::get<DeviceEntry>(*read) == device(123));
  CHECK(read_registry_record(record("gateway/18446744073709551615", kGatewayValue)));
}

TEST_CASE("a tombstone says whose entry is gone") {
  CHECK(std::get<DeviceId>(*read_registry_record(registry_tombstone(DeviceId{5}))) == DeviceId{5});
  CHECK(std::get<GatewayId>(*read_registry_record(registry_tombstone(GatewayId{5}))) ==
        GatewayId{5});
}

TEST_CASE("an unknown version is refused with both versions") {
  const auto text = refusal_of_device(replaced(kDeviceValue, "\"version\":1", "\"version\":2"));
  CHECK(text.find("version 2") != std::string::npos);
  CHECK(text.find("version 1") != std::string::npos);
  CHECK(text.find("device/123") != std::string::npos);
}

TEST_CASE("a record that the codec would not write is refused with the fault") {
  const auto with = [](const std::string& what, const std::string& by) {
    return refusal_of_device(replaced(kDeviceValue, what, by));
  };
  CHECK(with("\"version\":1,", "").find("version") != std::string::npos);
  CHECK(with("\"active\"", "\"on\"").find("state") != std::string::npos);
  CHECK(with("\"active\"", "true").find("state") != std::string::npos);
  CHECK(with("\"8\"", "8").find("config") != std::string::npos);
  CHECK(with(",\"config\":{", ",\"extra\":1,\"config\":{").find("extra") != std::string::npos);
  CHECK(with("\"limit\"", "\"name\"").find("names differ") != std::string::npos);
  CHECK(with("\"auth\":\"", "\"auth\":\" ").find("hash") != std::string::npos);
  CHECK(refusal_of_device("").find("JSON") != std::string::npos);
  CHECK(refusal_of_device("[]").find("JSON") != std::string::npos);
  CHECK(refusal_of_device(std::string(kMaxRegistryValueBytes + 1, ' ')).find("large") !=
        std::string::npos);
  CHECK(refusal(record("gateway/7", kDeviceValue)).find("state") != std::string::npos);
}

TEST_CASE("a key that names no device or gateway is refused") {
  for (const char* key : {"", "device/", "device/01", "device/-1", "device/1x", "gateway/1/2",
                          "device/18446744073709551616", "user/1"}) {
    INFO(key);
    CHECK_FALSE(refusal(record(key, kGatewayValue)).empty());
  }
  Record keyless;
  CHECK(refusal(keyless).find("no key") != std::string::npos);
}

TEST_CASE("an entry that nobody could read is not written") {
  DeviceEntry entry = device(1);
  entry.config["name"] = "\xff";
  CHECK(registry_record(entry).error().kind == ErrorKind::kInvalid);
  entry = device(1);
  entry.auth_hash = "";
  CHECK(registry_record(entry).error().kind == ErrorKind::kInvalid);
  entry = device(1);
  entry.config["name"] = std::string(kMaxRegistryValueBytes, 'x');
  CHECK(registry_record(entry).error().kind == ErrorKind::kInvalid);
}

TEST_CASE("the view shows the newest entry and forgets deleted ones") {
  RegistryView view;
  CHECK(view.device(DeviceId{1}) == nullptr);
  view.apply(device(1));
  view.apply(gateway(1));
  REQUIRE(view.device(DeviceId{1}) != nullptr);
  CHECK(*view.device(DeviceId{1}) == device(1));
  CHECK(*view.gateway(GatewayId{1}) == gateway(1));
  view.apply(device(1, State::kInactive));
  CHECK(view.device(DeviceId{1})->state == State::kInactive);
  view.apply(DeviceId{1});
  CHECK(view.device(DeviceId{1}) == nullptr);
  CHECK(view.gateway(GatewayId{1}) != nullptr);
  view.apply(GatewayId{1});
  CHECK(view.gateway(GatewayId{1}) == nullptr);
}

TEST_CASE("a change gives an entry another identity, other changes do not") {
  RegistryView view;
  view.apply(device(1));
  const auto kept = view.device(DeviceId{1});
  const auto version = view.version();
  view.apply(device(2));
  CHECK(view.device(DeviceId{1}) == kept);
  CHECK(view.version() > version);
  view.apply(device(1));
  CHECK(view.device(DeviceId{1}) != kept);
  CHECK(*kept == device(1));
}

TEST_CASE("the view counts its entries and gives back their memory") {
  RegistryView view;
  CHECK_FALSE(view.is_ready());
  view.apply(DeviceId{9});
  view.apply(GatewayId{9});
  CHECK(view.size().bytes == 0);
  for (std::uint64_t id = 0; id < 100; ++id)
    view.apply(device(id));
  view.apply(gateway(1));
  view.apply(device(1, State::kInactive));
  CHECK(view.size().devices == 100);
  CHECK(view.size().gateways == 1);
  CHECK(view.size().bytes > 100 * 200);
  CHECK(view.size().bytes < 101 * 500);
  for (std::uint64_t id = 0; id < 100; ++id)
    view.apply(DeviceId{id});
  view.apply(GatewayId{1});
  CHECK(view.size().devices == 0);
  CHECK(view.size().bytes == 0);
  view.set_ready();
  CHECK(view.is_ready());
}

TEST_CASE("readers on other threads see whole entries while the view changes") {
  RegistryView view;
  std::atomic<bool> is_done{false};
  std::vector<std::size_t> torn(2);
  std::vector<std::thread> readers;
  for (std::size_t r = 0; r < torn.size(); ++r) {
    readers.emplace_back([&, r] {
      while (!is_done.load()) {
        for (std::uint64_t id = 0; id < 8; ++id) {
          const auto entry = view.device(DeviceId{id});
          if (entry && entry->config.at("name") != entry->auth_hash) ++torn[r];
        }
      }
    });
  }
  for (int round = 0; round < 500; ++round) {
    const auto text = "text number " + std::to_string(round) + " of this test";
    for (std::uint64_t id = 0; id < 8; ++id)
      view.apply(DeviceEntry{DeviceId{id}, text, State::kActive, {{"name", text}}});
    view.apply(DeviceId{static_cast<std::uint64_t>(round) % 8});
  }
  is_done = true;
  for (auto& reader : readers)
    reader.join();
  CHECK(torn == std::vector<std::size_t>(2));
}
