#include <atomic>
#include <chrono>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "services/admin/outbox.hpp"
#include "services/admin/rate_limit.hpp"
#include "services/admin/registry_store.hpp"
#include "support/registry_topic.hpp"
#include "support/temporary_directory.hpp"
#include "topologies/coldchain/bcrypt.hpp"

using namespace bora;
using namespace bora::admin;
using namespace std::chrono_literals;
using coldchain::DeviceId;
using coldchain::GatewayId;
using coldchain::State;

namespace {

const Actor kAna{.user = "ana", .address = "192.0.2.7"};

struct Registry {
  testing::TemporaryDirectory directory;
  SystemClock clock;
  testing::RegistryTopic topic;
  std::unique_ptr<RegistryStore> store;
  std::unique_ptr<Outbox> outbox;

  Registry() { open(); }
  ~Registry() { close(); }
  void open() {
    auto opened = RegistryStore::open(directory.path() / "registry", clock);
    INFO(opened.status().message());
    REQUIRE(opened);
    store = *std::move(opened);
  }
  void close() {
    outbox.reset();
    store.reset();
  }
  void publish() {
    auto audit = AuditLog::open(directory.path() / "audit.jsonl");
    REQUIRE(audit);
    outbox = std::make_unique<Outbox>(
        Outbox::Wiring{.make_sink = [this] { return topic.sink(); },
                       .audit = *std::move(audit),
                       .forget =
                           [this](std::uint64_t sequence) {
                             store->forget(sequence).ignore("published again");
                           }},
        OutboxOptions{.retry_after = 1ms});
    const auto pending = store->pending();
    REQUIRE(pending);
    for (const Change& change : *pending)
      outbox->push(change);
    store->on_change([this](Change change) { outbox->push(std::move(change)); });
  }
  [[nodiscard]] std::vector<std::string> audit_lines() const {
    std::ifstream in{directory.path() / "audit.jsonl"};
    std::vector<std::string> lines;
    for (std::string line; std::getline(in, line);)
      lines.push_back(line);
    return lines;
  }
};

}  // namespace

TEST_CASE("a password is hashed with a fresh salt, and only it fits") {
  const auto hash = coldchain::hash_password("correct horse", 4);
  REQUIRE(hash);
  CHECK(hash->starts_with("$2b$04$"));
  CHECK(*coldchain::hash_password("correct horse", 4) != *hash);
  CHECK(coldchain::is_password("correct horse", *hash));
  for (const char* wrong : {"", "correct hors", "correct horse ", "Correct horse"})
    CHECK_FALSE(coldchain::is_password(wrong, *hash));
  CHECK_FALSE(coldchain::is_password("x", ""));
  CHECK_FALSE(coldchain::is_password("x", "*0"));
  CHECK_FALSE(coldchain::is_password("x", "plain"));
  const std::string nobody = coldchain::hash_of_nobody(4);
  CHECK(nobody.size() == hash->size());
  CHECK(nobody.substr(0, 7) == hash->substr(0, 7));  // the same work
  CHECK_FALSE(coldchain::is_password("x", nobody));
}

TEST_CASE("a password that bcrypt would cut is refused, not cut") {
  CHECK(coldchain::hash_password(std::string(72, 'x'), 4));
  CHECK(coldchain::hash_password(std::string(73, 'x'), 4).error().kind == ErrorKind::kInvalid);
  CHECK(coldchain::hash_password(std::string{"a\0b", 3}, 4).error().kind == ErrorKind::kInvalid);
  CHECK_FALSE(coldchain::is_password(std::string(73, 'x'),
                                     *coldchain::hash_password(std::string(72, 'x'), 4)));
  CHECK(coldchain::hash_password("secret-text", 99).error().message.find("secret-text") ==
        std::string::npos);
}

TEST_CASE_METHOD(Registry, "ids are given once, across deletions and restarts") {
  CHECK(store->create_device(kAna, "$2b$x", {})->value.id == DeviceId{1});
  CHECK(store->create_device(kAna, "$2b$x", {})->value.id == DeviceId{2});
  CHECK(store->create_gateway(kAna, "$2b$x")->value.id == GatewayId{1});
  REQUIRE(store->remove(kAna, DeviceId{2}));
  close();
  open();
  CHECK(store->create_device(kAna, "$2b$x", {})->value.id == DeviceId{3});
  CHECK(store->create_gateway(kAna, "$2b$x")->value.id == GatewayId{2});
  CHECK(store->device(DeviceId{2}).error().kind == ErrorKind::kNotFound);
}

TEST_CASE_METHOD(Registry, "what was changed is there after a restart") {
  REQUIRE(store->create_device(kAna, "$2b$x", {{"name", "Milk"}}));
  REQUIRE(store->set_state(kAna, DeviceId{1}, State::kActive));
  REQUIRE(store->set_config(kAna, DeviceId{1}, {{"name", "Meat"}}));
  REQUIRE(store->create_user(kAna, "bob", "$2b$y", Permission::kAdmin));
  close();
  open();
  const auto device = store->device(DeviceId{1});
  REQUIRE(device);
  CHECK(device->state == State::kActive);
  CHECK(device->auth_hash == "$2b$x");
  CHECK(device->config == coldchain::Config{{"name", "Meat"}});
  REQUIRE(store->user("bob"));
  CHECK(store->user("bob")->permission == Permission::kAdmin);
}

TEST_CASE_METHOD(Registry, "a table is read in pages, in the order of ids") {
  for (int i = 0; i < 300; ++i)
    REQUIRE(store->create_device(kAna, "$2b$x", {}));
  CHECK(store->devices({})->size() == 300);
  const auto page = store->devices({.after = 254, .limit = 3});
  REQUIRE(page);
  REQUIRE(page->size() == 3);
  CHECK(page->front().id == DeviceId{255});
  CHECK(page->back().id == DeviceId{257});
  CHECK(store->devices({.after = 300})->empty());
}

TEST_CASE_METHOD(Registry, "what a crash left between store and topic is published at the start") {
  REQUIRE(store->create_device(kAna, "$2b$x", {}));
  REQUIRE(store->set_state(kAna, DeviceId{1}, State::kActive));
  REQUIRE(store->create_gateway(kAna, "$2b$x"));
  REQUIRE(store->remove(kAna, GatewayId{1}));
  close();  // nothing was published
  CHECK(topic.records().empty());
  open();
  publish();
  REQUIRE(outbox->wait_until_empty(5s));
  REQUIRE(topic.records().size() == 4);
  const auto table = topic.table();
  REQUIRE(table.size() == 1);
  const auto change = coldchain::read_registry_record(table.front());
  REQUIRE(change);
  CHECK(std::get<coldchain::DeviceEntry>(*change).state == State::kActive);
  CHECK(audit_lines().size() == 4);
  CHECK(store->pending()->empty());

  close();
  open();
  publish();
  CHECK(outbox->wait_until_empty(5s));
  CHECK(topic.records().size() == 4);  // and not again
}

TEST_CASE_METHOD(Registry, "a change is done only when the topic has it") {
  publish();
  topic.is_down = true;
  const auto made = store->create_device(kAna, "$2b$x", {});
  REQUIRE(made);
  std::atomic<bool> is_done{false};
  outbox->when_done(made->sequence, [&] { is_done = true; });
  CHECK_FALSE(outbox->wait_until_empty(10ms));
  CHECK_FALSE(is_done);
  CHECK(store->pending()->size() == 1);
  topic.is_down = false;
  CHECK(outbox->wait_until_empty(5s));
  outbox.reset();
  CHECK(is_done);
  CHECK(topic.records().size() == 1);
}

TEST_CASE_METHOD(Registry,
                 "after a refused record the last of a key is still that of the last change") {
  REQUIRE(store->create_device(kAna, "$2b$x", {{"n", "0"}}));
  for (int i = 1; i < 10; ++i)
    REQUIRE(store->set_config(kAna, DeviceId{1}, {{"n", std::to_string(i)}}));
  topic.fail_after = 8;
  topic.fail_next = 1;  // the ninth fails, the tenth is delivered
  publish();
  REQUIRE(outbox->wait_until_empty(5s));
  topic.fail_after = 0;
  CHECK(topic.records().size() > 10);
  const auto table = topic.table();
  REQUIRE(table.size() == 1);
  CHECK(std::get<coldchain::DeviceEntry>(*coldchain::read_registry_record(table.front())).config ==
        coldchain::Config{{"n", "9"}});
}

TEST_CASE_METHOD(Registry, "the audit log says who changed what from where, and no hash") {
  publish();
  REQUIRE(store->create_device(kAna, "$2b$secret", {{"name", "Milk"}}));
  REQUIRE(store->create_user(kAna, "bob", "$2b$secret", Permission::kAdmin));
  REQUIRE(outbox->wait_until_empty(5s));
  const auto lines = audit_lines();
  REQUIRE(lines.size() == 2);
  CHECK(lines[0].find(
            R"("user":"ana","from":"192.0.2.7","action":"device.create","target":"device/1")") !=
        std::string::npos);
  CHECK(lines[1].find(R"("action":"user.create","target":"user/bob")") != std::string::npos);
  for (const std::string& line : lines)
    CHECK(line.find("$2b$") == std::string::npos);
}

TEST_CASE_METHOD(Registry,
                 "the last who may administer stays, and a changed user is another generation") {
  REQUIRE(store->create_user(kAna, "ana", "$2b$x", Permission::kAdmin));
  REQUIRE(store->create_user(kAna, "bob", "$2b$x", Permission::kRead));
  CHECK(store->create_user(kAna, "bob", "$2b$x", Permission::kRead).error().kind ==
        ErrorKind::kInvalid);
  CHECK(store->remove_user(kAna, "ana").error().kind == ErrorKind::kInvalid);
  CHECK(store->update_user(kAna, "ana", {.permission = Permission::kWrite}).error().kind ==
        ErrorKind::kInvalid);
  const auto before = store->user("bob")->generation;
  REQUIRE(store->update_user(kAna, "bob", {.permission = Permission::kAdmin}));
  CHECK(store->user("bob")->generation > before);
  CHECK(store->remove_user(kAna, "ana"));
  CHECK(store->remove_user(kAna, "ana").error().kind == ErrorKind::kNotFound);
  const auto last = store->user("bob")->generation;
  REQUIRE(store->create_user(kAna, "ana", "$2b$x", Permission::kRead));
  CHECK(store->user("ana")->generation > last);
}

TEST_CASE_METHOD(Registry, "a registry is one process' at a time, and says so") {
  const auto second = RegistryStore::open(directory.path() / "registry", clock);
  REQUIRE_FALSE(second);
  CHECK(second.error().kind == ErrorKind::kUnavailable);
}

TEST_CASE("attempts are limited by name, come back with time, and right ones do not count") {
  RateLimit limit{{.burst = 3, .each = 1s, .max_names = 2}};
  const Instant start{};
  for (int i = 0; i < 3; ++i)
    CHECK(limit.attempt("ana", start) == 0ms);
  CHECK(limit.attempt("ana", start) == 1s);
  CHECK(limit.attempt("bob", start) == 0ms);
  CHECK(limit.attempt("eve", start) > 0ms);  // more names than are remembered
  CHECK(limit.attempt("ana", start + 1s) == 0ms);
  CHECK(limit.attempt("ana", start + 1s) > 0ms);
  limit.forgive("ana");
  CHECK(limit.attempt("ana", start + 1s) == 0ms);
  CHECK(limit.attempt("eve", start + 20s) == 0ms);  // the others have rested
}
