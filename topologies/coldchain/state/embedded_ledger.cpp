// The alert ledger in RocksDB: one key for each claim that was granted, and for each alert that was told.

#include <map>
#include <set>
#include <utility>

#include "connectors/rocksdb/key_codec.hpp"
#include "topologies/coldchain/state/embedded_core.hpp"
#include "topologies/coldchain/state/limits.hpp"

namespace bora::coldchain {

namespace {

/// Of all claims, or alerts told, of this device and kind.
std::string prefix_of(DeviceId device, AlertKind kind) {
  std::string key;
  store::append_u64(key, to_uint(device));
  key.push_back(static_cast<char>(kind));
  return key;
}

std::string key_at(const std::string& prefix, std::int64_t millis) {
  std::string key = prefix;
  store::append_u64(key, static_cast<std::uint64_t>(millis));  // never negative
  return key;
}

using Grants = std::map<std::int64_t, std::string>;  // of one device and kind: time -> id

/// What `grants` answer to a claim; whether it is new, the caller finds out.
std::optional<ClaimAnswer> answer(const Grants& grants, std::int64_t time, std::string_view id) {
  const std::int64_t apart = AlertLedger::kApart.count();
  bool is_taken = !grants.empty() && time < grants.rbegin()->first - AlertLedger::kKept.count();
  for (auto at = grants.upper_bound(time - apart); at != grants.end() && at->first < time + apart;
       ++at) {
    if (at->second == id) return ClaimAnswer::kYours;
    is_taken = true;
  }
  if (is_taken) return ClaimAnswer::kTaken;
  return std::nullopt;
}

}  // namespace

Result<std::map<std::int64_t, std::string>> EmbeddedState::Core::load_grants(
    const std::string& prefix) {
  Grants grants;
  const std::string bound = store::after_prefix(prefix);
  const rocksdb::Slice upper{bound};
  rocksdb::ReadOptions reading;
  if (!bound.empty()) reading.iterate_upper_bound = &upper;
  const std::unique_ptr<rocksdb::Iterator> at{
      (*database_)->NewIterator(reading, database_->family(kAlertsFamily))};
  for (at->Seek(prefix); at->Valid(); at->Next()) {
    if (at->key().size() != prefix.size() + 8) return unreadable("a claim has a wrong form");
    grants.emplace(
        static_cast<std::int64_t>(store::read_u64(store::view(at->key()), prefix.size())),
        at->value().ToString());
  }
  if (Status read = database_->translate(at->status(), "read claims of alerts in"); !read)
    return read;
  return grants;
}

Status EmbeddedState::Core::claim(std::span<const AlertClaim> claims,
                                  std::vector<ClaimAnswer>& answers) {
  const Lock lock{mutex_};
  answers.clear();
  for (const AlertClaim& each : claims)
    if (Status checked = check_claim(each); !checked) return checked;
  if (Status opened = ensure_open(); !opened) return opened;

  rocksdb::WriteBatch batch;
  auto* const family = database_->family(kAlertsFamily);
  std::map<std::string, Grants> known;  // of this batch, its own grants included
  for (const AlertClaim& each : claims) {
    const std::string prefix = prefix_of(each.device, each.kind);
    auto grants = known.find(prefix);
    if (grants == known.end()) {
      auto loaded = load_grants(prefix);
      if (!loaded) return loaded.status();
      grants = known.emplace(prefix, *std::move(loaded)).first;
    }
    const std::int64_t time = to_millis(each.time);
    if (const auto answered = answer(grants->second, time, each.id)) {
      answers.push_back(*answered);
      continue;
    }
    answers.push_back(ClaimAnswer::kYours);
    grants->second.emplace(time, each.id);
    batch.Put(family, key_at(prefix, time), store::slice(each.id)).PermitUncheckedError();
    const std::int64_t kept_from = grants->second.rbegin()->first - AlertLedger::kKept.count();
    while (grants->second.begin()->first < kept_from) {
      batch.Delete(family, key_at(prefix, grants->second.begin()->first)).PermitUncheckedError();
      grants->second.erase(grants->second.begin());
    }
  }
  if (batch.Count() == 0) return {};
  return write(batch, "record claims of alerts");
}

Status EmbeddedState::Core::find_told(std::span<const AlertName> alerts,
                                      std::vector<ToldAnswer>& answers) {
  const Lock lock{mutex_};
  answers.clear();
  for (const AlertName& each : alerts)
    if (Status checked = check_name(each); !checked) return checked;
  if (Status opened = ensure_open(); !opened) return opened;
  std::string ignored;
  for (const AlertName& each : alerts) {
    const rocksdb::Status got =
        (*database_)
            ->Get({}, database_->family(kToldFamily),
                  key_at(prefix_of(each.device, each.kind), to_millis(each.time)), &ignored);
    if (!got.ok() && !got.IsNotFound())
      return database_->translate(got, "read which alerts were told in");
    answers.push_back(got.ok() ? ToldAnswer::kTold : ToldAnswer::kNotTold);
  }
  return {};
}

Result<std::set<std::int64_t>> EmbeddedState::Core::load_told(const std::string& prefix) {
  std::set<std::int64_t> told;
  const std::string bound = store::after_prefix(prefix);
  const rocksdb::Slice upper{bound};
  rocksdb::ReadOptions reading;
  if (!bound.empty()) reading.iterate_upper_bound = &upper;
  const std::unique_ptr<rocksdb::Iterator> at{
      (*database_)->NewIterator(reading, database_->family(kToldFamily))};
  for (at->Seek(prefix); at->Valid(); at->Next()) {
    if (at->key().size() != prefix.size() + 8)
      return unreadable("an alert that was told has a wrong form");
    told.insert(static_cast<std::int64_t>(store::read_u64(store::view(at->key()), prefix.size())));
  }
  if (Status read = database_->translate(at->status(), "read which alerts were told in"); !read)
    return read;
  return told;
}

Status EmbeddedState::Core::mark_told(std::span<const AlertName> alerts) {
  const Lock lock{mutex_};
  for (const AlertName& each : alerts)
    if (Status checked = check_name(each); !checked) return checked;
  if (Status opened = ensure_open(); !opened) return opened;
  rocksdb::WriteBatch batch;
  auto* const family = database_->family(kToldFamily);
  std::map<std::string, std::set<std::int64_t>> known;  // with those of this batch
  for (const AlertName& each : alerts) {
    const std::string prefix = prefix_of(each.device, each.kind);
    auto told = known.find(prefix);
    if (told == known.end()) {
      auto loaded = load_told(prefix);
      if (!loaded) return loaded.status();
      told = known.emplace(prefix, *std::move(loaded)).first;
    }
    const std::int64_t time = to_millis(each.time);
    if (!told->second.insert(time).second) continue;
    batch.Put(family, key_at(prefix, time), rocksdb::Slice{}).PermitUncheckedError();
    if (told->second.size() <= AlertLedger::kToldKept) continue;
    batch.Delete(family, key_at(prefix, *told->second.begin())).PermitUncheckedError();
    told->second.erase(told->second.begin());
  }
  if (batch.Count() == 0) return {};
  return write(batch, "record which alerts were told");
}

}  // namespace bora::coldchain
