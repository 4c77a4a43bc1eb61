#include "services/admin/registry_tables.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "connectors/rocksdb/key_codec.hpp"
#include "topologies/coldchain/time_text.hpp"

namespace bora::admin {

namespace {

constexpr std::string_view kFormatKey = "format";
constexpr std::string_view kFormat = "bora registry 1";
constexpr const char* kMeta = "default";

std::optional<std::uint64_t> parse_count(std::string_view text) noexcept {
  std::uint64_t count = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (code != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return count;
}

}  // namespace

std::string id_key(std::uint64_t id) {
  std::string key;
  store::append_u64(key, id);
  return key;
}

std::uint64_t id_in_key(std::string_view key) noexcept {
  std::uint64_t id = 0;
  for (const char c : key)
    id = id << 8 | static_cast<unsigned char>(c);
  return id;
}

Status RegistryStore::Impl::open() {
  store::DatabaseOptions options;
  options.path = path_;
  options.max_wal_bytes = std::uint64_t{16} << 20;
  for (const char* name : {kMeta, kDevices, kGateways, kUsers, kPending})
    options.families.push_back({.name = name, .write_buffer_bytes = std::size_t{4} << 20});
  const std::unique_lock alone{db_mutex_};
  db_.reset();  // before opening: a directory has one owner
  auto database = store::Database::open(options);
  if (!database) return database.status();
  db_ = *std::move(database);
  return {};
}

Status RegistryStore::Impl::recover() {
  if (db_ != nullptr && !db_->has_failed()) return {};
  const std::uint64_t next = counters_[std::string{kNextSequence}];
  if (Status opened = open(); !opened) return opened;
  if (Status read = load_counters(); !read) return read;
  if (Status read = load_users(); !read) return read;
  if (!listener) return {};
  return scan(kPending, next - 1, "read changes that were not answered",
              [this](std::string_view key, std::string_view value) {
                auto change = decode_change(id_in_key(key), value);
                if (!change) return false;
                listener(*std::move(change));
                return true;
              });
}

Status RegistryStore::Impl::load() {
  if (Status opened = open(); !opened) return opened;
  auto format = get(kMeta, kFormatKey, "the format");
  if (!format && format.error().kind == ErrorKind::kNotFound) {
    rocksdb::WriteBatch batch;
    batch.Put(db_->family(kMeta), store::slice(kFormatKey), store::slice(kFormat));
    rocksdb::WriteOptions options;
    options.sync = true;
    if (Status s = db_->write(options, batch, "make the registry"); !s) return s;
  } else if (!format) {
    return format.status();
  } else if (*format != kFormat) {
    return {ErrorKind::kInvalid, path_.string() + " holds \"" + *format +
                                     "\", and this program reads \"" + std::string{kFormat} +
                                     "\"; use the program that wrote it, or another directory"};
  }
  if (Status s = load_counters(); !s) return s;
  return load_users();
}

Status RegistryStore::Impl::load_counters() {
  for (const auto name : {kNextDevice, kNextGateway, kNextGeneration, kNextSequence}) {
    std::uint64_t& counter = counters_[std::string{name}];
    counter = 1;
    const auto text = get(kMeta, name, name);
    if (!text && text.error().kind == ErrorKind::kNotFound) continue;
    if (!text) return text.status();
    const auto count = parse_count(*text);
    if (!count)
      return {ErrorKind::kCorrupt, "the counter \"" + std::string{name} + "\" in " +
                                       path_.string() + " is no number; restore a backup"};
    counter = *count;
  }
  return {};
}

Status RegistryStore::Impl::load_users() {
  Status read;
  std::map<std::string, User, std::less<>> found;
  const Status scanned = scan(kUsers, std::nullopt, "read the users",
                              [&](std::string_view key, std::string_view value) {
                                auto user = decode_user(key, value);
                                if (!user) read = user.status();
                                if (user) found.emplace(key, *std::move(user));
                                return read.is_ok();
                              });
  if (!scanned) return scanned;
  if (!read) return read;
  const std::lock_guard lock{users_mutex};
  users = std::move(found);
  return {};
}

Result<std::string> RegistryStore::Impl::get(const char* family, std::string_view key,
                                             std::string_view what) const {
  std::string value;
  const std::shared_lock lock{db_mutex_};
  if (db_ == nullptr) return not_open();
  const auto status = (*db_)->Get({}, db_->family(family), store::slice(key), &value);
  if (status.IsNotFound()) return Error{ErrorKind::kNotFound, "there is no " + std::string{what}};
  if (!status.ok()) return db_->translate(status, "read " + std::string{what});
  return value;
}

Status RegistryStore::Impl::scan(
    const char* family, std::optional<std::uint64_t> after, std::string_view tried,
    const std::function<bool(std::string_view, std::string_view)>& take) const {
  const std::shared_lock lock{db_mutex_};
  if (db_ == nullptr) return not_open();
  const std::unique_ptr<rocksdb::Iterator> at{(*db_)->NewIterator({}, db_->family(family))};
  if (after) {
    const std::string key = id_key(*after);
    at->Seek(key);
    if (at->Valid() && at->key() == rocksdb::Slice{key}) at->Next();
  } else {
    at->SeekToFirst();
  }
  for (; at->Valid(); at->Next())
    if (!take(store::view(at->key()), store::view(at->value()))) break;
  return db_->translate(at->status(), tried);
}

Error RegistryStore::Impl::not_open() const {
  return {ErrorKind::kUnavailable,
          "the registry in " + path_.string() +
              " is closed since a write failed, and could not be opened again so far; see to the "
              "disk, and try again"};
}

Status RegistryStore::Impl::forget(std::uint64_t sequence) {
  const std::lock_guard one_at_a_time{change_mutex_};  // so that nobody opens it again meanwhile
  if (Status is_open = recover(); !is_open) return is_open;
  rocksdb::WriteBatch batch;
  auto* family = db_->family(kPending);
  const Status scanned = scan(kPending, std::nullopt, "read pending changes",
                              [&](std::string_view key, std::string_view) {
                                if (id_in_key(key) > sequence) return false;
                                batch.Delete(family, store::slice(key));
                                return true;
                              });
  if (!scanned) return scanned;
  return db_->write({}, batch, "forget published changes");
}

void RegistryStore::Impl::remember(User user) {
  const std::lock_guard lock{users_mutex};
  std::string name = user.name;
  users.insert_or_assign(std::move(name), std::move(user));
}

void RegistryStore::Impl::forget_user(std::string_view name) {
  const std::lock_guard lock{users_mutex};
  if (const auto found = users.find(name); found != users.end()) users.erase(found);
}

bool RegistryStore::Impl::is_last_admin(std::string_view name) const {
  const std::lock_guard lock{users_mutex};
  return std::none_of(users.begin(), users.end(), [name](const auto& entry) {
    return entry.first != name && includes(entry.second.permission, Permission::kAdmin);
  });
}

void RegistryStore::Impl::Writing::put(const char* family, std::string_view key,
                                       std::string_view value) {
  if (!is_open_) return;
  batch_.Put(impl_.db_->family(family), store::slice(key), store::slice(value));
}

void RegistryStore::Impl::Writing::erase(const char* family, std::string_view key) {
  if (!is_open_) return;
  batch_.Delete(impl_.db_->family(family), store::slice(key));
}

// The counter itself moves when the batch is written: a change that fails takes no id.
std::uint64_t RegistryStore::Impl::Writing::take(std::string_view counter) {
  const std::uint64_t value = impl_.counters_.find(counter)->second;
  taken_.insert_or_assign(std::string{counter}, value + 1);
  put(kMeta, counter, std::to_string(value + 1));
  return value;
}

Result<std::uint64_t> RegistryStore::Impl::Writing::commit(const Actor& actor,
                                                           std::string_view action,
                                                           std::string_view target,
                                                           std::optional<Record> record,
                                                           const nlohmann::json& detail) {
  if (!is_open_) return is_open_;
  Change change;
  change.sequence = take(kNextSequence);
  change.record = std::move(record);
  nlohmann::ordered_json audit{{"time", coldchain::format_time(impl_.clock_.wall_now())},
                               {"change", change.sequence},
                               {"user", actor.user},
                               {"from", actor.address},
                               {"action", action},
                               {"target", target}};
  if (!detail.is_null()) audit["detail"] = detail;
  change.audit = audit.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  put(kPending, id_key(change.sequence), encode_change(change));
  rocksdb::WriteOptions options;
  options.sync = true;
  if (Status s = impl_.db_->write(options, batch_, "change the registry"); !s) return s;
  for (const auto& [name, next] : taken_)
    impl_.counters_.insert_or_assign(name, next);
  const std::uint64_t sequence = change.sequence;
  if (impl_.listener) impl_.listener(std::move(change));
  return sequence;
}

}  // namespace bora::admin
