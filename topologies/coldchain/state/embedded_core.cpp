#include "topologies/coldchain/state/embedded_core.hpp"

#include <algorithm>
#include <array>
#include <random>
#include <utility>

#include "connectors/rocksdb/key_codec.hpp"
#include "topologies/coldchain/state/limits.hpp"

// Families: "default" holds the format and the birth ("birth" -> version, millis, id); "seen" device -> millis,
// partition; "silent" device -> since [, partition, offset]; "alerts" device, kind, millis -> id; "told"
// device, kind, millis -> nothing.
// Numbers are big-endian, so that the claims of one device and kind lie in the order of their times.

namespace bora::coldchain {

namespace {

constexpr char kVersion = 1;
constexpr std::string_view kBirthKey = "birth";
constexpr std::string_view kFormatKey = "format";
constexpr std::string_view kFormat = "bora state 1";
constexpr const char* kSeen = "seen";
constexpr const char* kSilent = "silent";

std::string device_key(std::uint64_t device) {
  std::string key;
  store::append_u64(key, device);
  return key;
}

/// Times before 1970 sort before those after it.
std::uint64_t flip(std::int64_t number) {
  return static_cast<std::uint64_t>(number) ^ (std::uint64_t{1} << 63);
}
std::int64_t unflip(std::uint64_t number) {
  return static_cast<std::int64_t>(number ^ (std::uint64_t{1} << 63));
}

/// Not a secret, only unlike that of any other life of a store.
std::string random_id() {
  std::random_device device;
  std::string id;
  static constexpr std::string_view kHex = "0123456789abcdef";
  for (int i = 0; i < 16; ++i)
    id.push_back(kHex[device() & 15]);
  return id;
}

store::DatabaseOptions database_options(const EmbeddedStateOptions& options,
                                        const char* alerts_family, const char* told_family) {
  constexpr std::size_t kBuffer = std::size_t{8} << 20;
  return {.path = options.path,
          .block_cache_bytes = std::size_t{8} << 20,
          .max_wal_bytes = std::uint64_t{64} << 20,
          .families = {{.name = kSeen, .write_buffer_bytes = kBuffer},
                       {.name = kSilent, .write_buffer_bytes = kBuffer},
                       {.name = alerts_family, .write_buffer_bytes = kBuffer},
                       {.name = told_family, .write_buffer_bytes = kBuffer}}};
}

}  // namespace

Error EmbeddedState::Core::unreadable(std::string_view what) const {
  return {ErrorKind::kCorrupt, "the state in " + options_.path.string() +
                                   " is not readable: " + std::string(what) +
                                   "; if this program wrote it, restore it from a copy"};
}

Status EmbeddedState::Core::open() {
  const Lock lock{mutex_};
  return ensure_open();
}

Status EmbeddedState::Core::ensure_open() {
  if (database_ != nullptr && !database_->has_failed()) return {};
  database_.reset();
  auto opened = store::Database::open(database_options(options_, kAlertsFamily, kToldFamily));
  if (!opened) return opened.status();
  database_ = *std::move(opened);
  Status loaded = check_format();
  if (loaded) loaded = load();
  if (!loaded) database_.reset();
  return loaded;
}

Status EmbeddedState::Core::check_format() {
  std::string format;
  const rocksdb::Status got = (*database_)->Get({}, store::slice(kFormatKey), &format);
  if (got.ok() && format == kFormat) return {};
  if (got.ok())
    return {ErrorKind::kInvalid, "the state in " + options_.path.string() + " has the format \"" +
                                     format + "\", this version knows \"" + std::string{kFormat} +
                                     "\"; use the version that wrote it, or move it away"};
  if (!got.IsNotFound()) return database_->translate(got, "read the format of the state in");
  rocksdb::WriteBatch batch;
  batch.Put(store::slice(kFormatKey), store::slice(kFormat)).PermitUncheckedError();
  return write(batch, "mark the format of the state");
}

Status EmbeddedState::Core::load() {
  if (Status loaded = load_birth(); !loaded) return loaded;
  if (Status loaded = load_seen(); !loaded) return loaded;
  return load_silences();
}

Status EmbeddedState::Core::load_birth() {
  birth_.reset();
  std::string value;
  const rocksdb::Status got = (*database_)->Get({}, store::slice(kBirthKey), &value);
  if (got.IsNotFound()) return {};
  if (!got.ok()) return database_->translate(got, "read the birth of the state in");
  if (value.size() < 9) return unreadable("its birth is too short");
  if (value[0] != kVersion)
    return {ErrorKind::kInvalid, "the state in " + options_.path.string() +
                                     " is of another version of this program: move it away, or "
                                     "use that version"};
  birth_ = StoreBirth{.id = value.substr(9), .at = from_millis(unflip(store::read_u64(value, 1)))};
  return {};
}

Status EmbeddedState::Core::load_seen() {
  seen_.clear();
  const std::unique_ptr<rocksdb::Iterator> at{
      (*database_)->NewIterator({}, database_->family(kSeen))};
  for (at->SeekToFirst(); at->Valid(); at->Next()) {
    const std::string_view key = store::view(at->key());
    const std::string_view value = store::view(at->value());
    if (key.size() != 8 || value.size() != 12)
      return unreadable("a device's time has a wrong form");
    seen_.insert_or_assign(
        store::read_u64(key, 0),
        Seen{.millis = unflip(store::read_u64(value, 0)), .partition = store::read_u32(value, 8)});
  }
  return database_->translate(at->status(), "read the state in");
}

Status EmbeddedState::Core::load_silences() {
  silences_.clear();
  const std::unique_ptr<rocksdb::Iterator> at{
      (*database_)->NewIterator({}, database_->family(kSilent))};
  for (at->SeekToFirst(); at->Valid(); at->Next()) {
    const std::string_view key = store::view(at->key());
    const std::string_view value = store::view(at->value());
    if (key.size() != 8 || (value.size() != 8 && value.size() != 20))
      return unreadable("a silence has a wrong form");
    Span span{.since = unflip(store::read_u64(value, 0)), .ended_by = std::nullopt};
    if (value.size() == 20)
      span.ended_by = ReadingPlace{.partition = store::read_u32(value, 8),
                                   .offset = unflip(store::read_u64(value, 12))};
    silences_.insert_or_assign(store::read_u64(key, 0), span);
  }
  return database_->translate(at->status(), "read the state in");
}

Status EmbeddedState::Core::write(rocksdb::WriteBatch& batch, std::string_view tried) {
  rocksdb::WriteOptions how;
  how.sync = options_.durability == Durability::kSynced;
  Status written = database_->write(how, batch, tried);
  if (written) ++batches_;
  return written;
}

Status EmbeddedState::Core::find_seen(std::span<const DeviceId> devices, WallTime now,
                                      LastSeen::Known& known) {
  const Lock lock{mutex_};
  if (Status opened = ensure_open(); !opened) return opened;
  if (!birth_) {
    StoreBirth born{.id = random_id(), .at = now};
    std::string value(1, kVersion);
    store::append_u64(value, flip(to_millis(now)));
    value += born.id;
    rocksdb::WriteBatch batch;
    batch.Put(store::slice(kBirthKey), value).PermitUncheckedError();
    if (Status written = write(batch, "note the birth of the state"); !written) return written;
    birth_ = std::move(born);
  }
  known.birth = *birth_;
  known.last.clear();
  for (const DeviceId device : devices) {
    const auto found = seen_.find(to_uint(device));
    if (found == seen_.end()) {
      known.last.emplace_back();
      continue;
    }
    known.last.emplace_back(Sighting{.device = device,
                                     .time = from_millis(found->second.millis),
                                     .partition = found->second.partition});
  }
  return {};
}

Status EmbeddedState::Core::record(std::span<const Sighting> heard) {
  const Lock lock{mutex_};
  for (const Sighting& each : heard)
    if (Status checked = check_sighting(each); !checked) return checked;
  if (Status opened = ensure_open(); !opened) return opened;
  rocksdb::WriteBatch batch;
  auto* const family = database_->family(kSeen);
  // Later puts of a key win, so what a batch repeats must be written in ascending order only.
  std::unordered_map<std::uint64_t, Seen> newer;
  for (const Sighting& each : heard) {
    const std::int64_t millis = to_millis(each.time);
    const auto known = seen_.find(to_uint(each.device));
    if (known != seen_.end() && known->second.millis >= millis) continue;
    Seen& kept =
        newer.try_emplace(to_uint(each.device), Seen{millis, each.partition}).first->second;
    if (millis > kept.millis) kept = Seen{millis, each.partition};
  }
  if (newer.empty()) return {};
  std::array<char, 8> key;
  std::string value;
  for (const auto& [device, seen] : newer) {
    for (unsigned i = 0; i < 8; ++i)
      key[i] = static_cast<char>(device >> (56 - 8 * i));
    value.clear();
    store::append_u64(value, flip(seen.millis));
    store::append_u32(value, seen.partition);
    batch.Put(family, rocksdb::Slice{key.data(), key.size()}, value).PermitUncheckedError();
  }
  if (Status written = write(batch, "record when devices were heard"); !written) return written;
  for (const auto& [device, seen] : newer)
    seen_.insert_or_assign(device, seen);
  return {};
}

Status EmbeddedState::Core::walk(const LastSeen::Range& range, std::vector<Sighting>& found) {
  const Lock lock{mutex_};
  if (Status opened = ensure_open(); !opened) return opened;
  const std::size_t before = found.size();
  for (const auto& [device, seen] : seen_) {
    const WallTime time = from_millis(seen.millis);
    if (time >= range.from && time < range.to)
      found.push_back({.device = DeviceId{device}, .time = time, .partition = seen.partition});
  }
  std::sort(found.begin() + static_cast<std::ptrdiff_t>(before), found.end(),
            [](const Sighting& a, const Sighting& b) {
              return std::pair{a.time, a.device} < std::pair{b.time, b.device};
            });
  return {};
}

Result<std::uint64_t> EmbeddedState::Core::count_seen() {
  const Lock lock{mutex_};
  if (Status opened = ensure_open(); !opened) return opened;
  return seen_.size();
}

Status EmbeddedState::Core::find_silences(std::span<const DeviceId> devices,
                                          std::vector<std::optional<Silence>>& found) {
  const Lock lock{mutex_};
  found.clear();
  if (Status opened = ensure_open(); !opened) return opened;
  for (const DeviceId device : devices) {
    const auto at = silences_.find(to_uint(device));
    if (at == silences_.end()) {
      found.emplace_back();
      continue;
    }
    found.emplace_back(Silence{
        .device = device, .since = from_millis(at->second.since), .ended_by = at->second.ended_by});
  }
  return {};
}

Status EmbeddedState::Core::write_silences(const std::unordered_map<std::uint64_t, Span>& changed) {
  if (changed.empty()) return {};
  rocksdb::WriteBatch batch;
  std::string value;
  for (const auto& [device, span] : changed) {
    value.clear();
    store::append_u64(value, flip(span.since));
    if (span.ended_by) {
      store::append_u32(value, span.ended_by->partition);
      store::append_u64(value, flip(span.ended_by->offset));
    }
    batch.Put(database_->family(kSilent), device_key(device), value).PermitUncheckedError();
  }
  if (Status written = write(batch, "record silences"); !written) return written;
  for (const auto& [device, span] : changed)
    silences_.insert_or_assign(device, span);
  return {};
}

Status EmbeddedState::Core::begin(std::span<const Silence> silences) {
  const Lock lock{mutex_};
  for (const Silence& each : silences)
    if (Status checked = check_silence(each.device, each.since); !checked) return checked;
  if (Status opened = ensure_open(); !opened) return opened;
  std::unordered_map<std::uint64_t, Span> changed;
  for (const Silence& each : silences) {
    const std::uint64_t device = to_uint(each.device);
    const std::int64_t since = to_millis(each.since);
    const auto known = silences_.find(device);
    if (known != silences_.end() && known->second.since >= since) continue;
    Span& kept = changed.try_emplace(device, Span{since, each.ended_by}).first->second;
    if (since > kept.since) kept = Span{since, each.ended_by};
  }
  return write_silences(changed);
}

Status EmbeddedState::Core::end(std::span<const SilenceEnd> ends, std::vector<EndAnswer>& answers) {
  const Lock lock{mutex_};
  answers.clear();
  for (const SilenceEnd& each : ends)
    if (Status checked = check_silence(each.device, each.since); !checked) return checked;
  if (Status opened = ensure_open(); !opened) return opened;
  std::unordered_map<std::uint64_t, Span> changed;
  for (const SilenceEnd& each : ends) {
    const std::uint64_t device = to_uint(each.device);
    const std::int64_t since = to_millis(each.since);
    const Span* known = nullptr;
    if (const auto now = changed.find(device); now != changed.end()) {
      known = &now->second;
    } else if (const auto before = silences_.find(device); before != silences_.end()) {
      known = &before->second;
    }
    const bool is_known = known != nullptr && known->since == since;
    const bool is_newer = known == nullptr || known->since < since;
    if (is_newer || (is_known && !known->ended_by)) {
      changed.insert_or_assign(device, Span{since, each.by});
      answers.push_back(EndAnswer::kYours);
    } else {
      const bool again = is_known && known->ended_by == each.by;
      answers.push_back(again ? EndAnswer::kYours : EndAnswer::kTaken);
    }
  }
  return write_silences(changed);
}

Status EmbeddedState::Core::forget_ended(WallTime before) {
  const Lock lock{mutex_};
  if (Status opened = ensure_open(); !opened) return opened;
  rocksdb::WriteBatch batch;
  std::vector<std::uint64_t> old;
  for (const auto& [device, span] : silences_) {
    if (!span.ended_by || from_millis(span.since) >= before) continue;
    batch.Delete(database_->family(kSilent), device_key(device)).PermitUncheckedError();
    old.push_back(device);
  }
  if (old.empty()) return {};
  if (Status written = write(batch, "forget ended silences"); !written) return written;
  for (const std::uint64_t device : old)
    silences_.erase(device);
  return {};
}

Result<SilentSet::Counts> EmbeddedState::Core::count_silences() {
  const Lock lock{mutex_};
  if (Status opened = ensure_open(); !opened) return opened;
  SilentSet::Counts counts;
  for (const auto& [device, span] : silences_)
    ++(span.ended_by ? counts.ended : counts.silent);
  return counts;
}

EmbeddedStateStats EmbeddedState::Core::stats() const {
  const Lock lock{mutex_};
  return {.devices = seen_.size(), .silences = silences_.size(), .batches = batches_};
}

}  // namespace bora::coldchain
