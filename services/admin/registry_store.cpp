#include "services/admin/registry_store.hpp"

#include <utility>

#include "services/admin/registry_tables.hpp"

namespace bora::admin {

namespace {

using nlohmann::json;

const char* family_of(coldchain::DeviceId) noexcept { return "devices"; }
const char* family_of(coldchain::GatewayId) noexcept { return "gateways"; }

// The stored value is the topic's, so one codec reads both.
template <class Entry, class Id>
Result<Entry> decode(Id id, std::string value) {
  Record record;
  record.key = coldchain::registry_key(id);
  record.value = std::move(value);
  auto change = coldchain::read_registry_record(record);
  if (!change) return Error{ErrorKind::kCorrupt, change.error().message};
  if (auto* entry = std::get_if<Entry>(&*change)) return std::move(*entry);
  return Error{ErrorKind::kCorrupt, "what is stored under " + *record.key + " is something else"};
}

}  // namespace

RegistryStore::RegistryStore(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
RegistryStore::~RegistryStore() = default;

Result<std::unique_ptr<RegistryStore>> RegistryStore::open(const std::filesystem::path& path,
                                                           const Clock& clock) {
  auto impl = std::make_unique<Impl>(path, clock);
  if (Status s = impl->load(); !s) return s;
  return std::unique_ptr<RegistryStore>{new RegistryStore{std::move(impl)}};
}

void RegistryStore::on_change(std::function<void(Change)> take) {
  impl_->listener = std::move(take);
}

Result<std::vector<Change>> RegistryStore::pending() const {
  std::vector<Change> changes;
  Status decoded;
  const Status scanned = impl_->scan(Impl::kPending, std::nullopt, "read pending changes",
                                     [&](std::string_view key, std::string_view value) {
                                       auto change = decode_change(id_in_key(key), value);
                                       if (!change) decoded = change.status();
                                       if (change) changes.push_back(*std::move(change));
                                       return decoded.is_ok();
                                     });
  if (!scanned) return scanned;
  if (!decoded) return decoded;
  return changes;
}

Status RegistryStore::forget(std::uint64_t sequence) { return impl_->forget(sequence); }

// What is the same for devices and gateways, by the types of their ids and entries.
namespace {

template <class Entry, class Impl, class Id>
Result<Entry> find(const Impl& impl, Id id) {
  auto value = impl.get(family_of(id), id_key(to_uint(id)), coldchain::registry_key(id));
  if (!value) return value.status();
  return decode<Entry>(id, *std::move(value));
}

template <class Entry, class Id, class Impl>
Result<std::vector<Entry>> list(const Impl& impl, const Page& page) {
  std::vector<Entry> entries;
  Status decoded;
  if (page.limit == 0) return entries;
  const Status scanned = impl.scan(family_of(Id{}), page.after, "list the registry",
                                   [&](std::string_view key, std::string_view value) {
                                     auto entry =
                                         decode<Entry>(Id{id_in_key(key)}, std::string{value});
                                     if (!entry) decoded = entry.status();
                                     if (entry) entries.push_back(*std::move(entry));
                                     return decoded.is_ok() && entries.size() < page.limit;
                                   });
  if (!scanned) return scanned;
  if (!decoded) return decoded;
  return entries;
}

template <class Entry, class Writing>
Result<Written<Entry>> put(Writing& writing, const Actor& actor, std::string_view action,
                           Entry entry, json detail) {
  auto record = coldchain::registry_record(entry);
  if (!record) return record.status();
  writing.put(family_of(entry.id), id_key(to_uint(entry.id)), record->value);
  const auto sequence = writing.commit(actor, action, coldchain::registry_key(entry.id),
                                       *std::move(record), std::move(detail));
  if (!sequence) return sequence.status();
  return Written<Entry>{std::move(entry), *sequence};
}

template <class Entry, class Impl, class Id>
Result<Written<Id>> erase(Impl& impl, const Actor& actor, std::string_view action, Id id) {
  typename Impl::Writing writing{impl};
  if (const auto entry = find<Entry>(impl, id); !entry) return entry.status();
  writing.erase(family_of(id), id_key(to_uint(id)));
  const auto sequence = writing.commit(actor, action, coldchain::registry_key(id),
                                       coldchain::registry_tombstone(id), {});
  if (!sequence) return sequence.status();
  return Written<Id>{id, *sequence};
}

}  // namespace

Result<RegistryStore::Device> RegistryStore::device(DeviceId id) const {
  return find<Device>(*impl_, id);
}
Result<RegistryStore::Gateway> RegistryStore::gateway(GatewayId id) const {
  return find<Gateway>(*impl_, id);
}
Result<std::vector<RegistryStore::Device>> RegistryStore::devices(const Page& page) const {
  return list<Device, DeviceId>(*impl_, page);
}
Result<std::vector<RegistryStore::Gateway>> RegistryStore::gateways(const Page& page) const {
  return list<Gateway, GatewayId>(*impl_, page);
}

Result<Written<RegistryStore::Device>> RegistryStore::create_device(const Actor& actor,
                                                                    std::string auth_hash,
                                                                    Config config) {
  Impl::Writing writing{*impl_};
  Device entry{.id = DeviceId{writing.take(Impl::kNextDevice)},
               .auth_hash = std::move(auth_hash),
               .state = coldchain::State::kInactive,
               .config = std::move(config)};
  json detail{{"config", entry.config}};
  return put(writing, actor, "device.create", std::move(entry), std::move(detail));
}

Result<Written<RegistryStore::Device>> RegistryStore::set_config(const Actor& actor, DeviceId id,
                                                                 Config config) {
  Impl::Writing writing{*impl_};
  auto entry = find<Device>(*impl_, id);
  if (!entry) return entry.status();
  entry->config = std::move(config);
  json detail{{"config", entry->config}};
  return put(writing, actor, "device.config", *std::move(entry), std::move(detail));
}

Result<Written<RegistryStore::Device>> RegistryStore::set_state(const Actor& actor, DeviceId id,
                                                                coldchain::State state) {
  Impl::Writing writing{*impl_};
  auto entry = find<Device>(*impl_, id);
  if (!entry) return entry.status();
  entry->state = state;
  return put(writing, actor, "device.state", *std::move(entry), {{"state", to_string(state)}});
}

Result<Written<coldchain::DeviceId>> RegistryStore::remove(const Actor& actor, DeviceId id) {
  return erase<Device>(*impl_, actor, "device.delete", id);
}

Result<Written<RegistryStore::Gateway>> RegistryStore::create_gateway(const Actor& actor,
                                                                      std::string auth_hash) {
  Impl::Writing writing{*impl_};
  Gateway entry{.id = GatewayId{writing.take(Impl::kNextGateway)},
                .auth_hash = std::move(auth_hash),
                .config = {}};
  return put(writing, actor, "gateway.create", std::move(entry), {});
}

Result<Written<RegistryStore::Gateway>> RegistryStore::set_config(const Actor& actor, GatewayId id,
                                                                  Config config) {
  Impl::Writing writing{*impl_};
  auto entry = find<Gateway>(*impl_, id);
  if (!entry) return entry.status();
  entry->config = std::move(config);
  json detail{{"config", entry->config}};
  return put(writing, actor, "gateway.config", *std::move(entry), std::move(detail));
}

Result<Written<coldchain::GatewayId>> RegistryStore::remove(const Actor& actor, GatewayId id) {
  return erase<Gateway>(*impl_, actor, "gateway.delete", id);
}

}  // namespace bora::admin
