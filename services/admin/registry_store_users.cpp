#include <utility>

#include "services/admin/registry_store.hpp"
#include "services/admin/registry_tables.hpp"

namespace bora::admin {

namespace {

Error last_admin(std::string_view name) {
  return {ErrorKind::kInvalid, std::string{name} +
                                   " is the last one who may administer; give another user the "
                                   "permission first"};
}

}  // namespace

std::optional<User> RegistryStore::user(std::string_view name) const {
  const std::lock_guard lock{impl_->users_mutex};
  const auto found = impl_->users.find(name);
  return found == impl_->users.end() ? std::nullopt : std::optional{found->second};
}

std::vector<User> RegistryStore::users() const {
  std::vector<User> all;
  const std::lock_guard lock{impl_->users_mutex};
  for (const auto& [name, user] : impl_->users)
    all.push_back(user);
  return all;
}

Result<Written<User>> RegistryStore::create_user(const Actor& actor, std::string name,
                                                 std::string password_hash, Permission permission) {
  Impl::Writing writing{*impl_};
  if (user(name))
    return Error{ErrorKind::kInvalid, "there is a user " + name + " already; choose another name"};
  User made{.name = std::move(name),
            .password_hash = std::move(password_hash),
            .permission = permission,
            .generation = writing.take(Impl::kNextGeneration)};
  writing.put(Impl::kUsers, made.name, encode_user(made));
  const auto sequence = writing.commit(actor, "user.create", "user/" + made.name, {},
                                       {{"permission", to_string(permission)}});
  if (!sequence) return sequence.status();
  impl_->remember(made);
  return Written<User>{std::move(made), *sequence};
}

Result<Written<User>> RegistryStore::update_user(const Actor& actor, std::string_view name,
                                                 UserUpdate update) {
  Impl::Writing writing{*impl_};
  auto changed = user(name);
  if (!changed) return Error{ErrorKind::kNotFound, "there is no user " + std::string{name}};
  if (update.permission && !includes(*update.permission, Permission::kAdmin) &&
      impl_->is_last_admin(name))
    return last_admin(name);
  nlohmann::json detail{{"password", update.password_hash ? "changed" : "kept"}};
  if (update.password_hash) changed->password_hash = *std::move(update.password_hash);
  if (update.permission) changed->permission = *update.permission;
  detail["permission"] = to_string(changed->permission);
  changed->generation = writing.take(Impl::kNextGeneration);
  writing.put(Impl::kUsers, changed->name, encode_user(*changed));
  const auto sequence = writing.commit(actor, "user.update", "user/" + changed->name, {}, detail);
  if (!sequence) return sequence.status();
  impl_->remember(*changed);
  return Written<User>{*std::move(changed), *sequence};
}

Result<Written<std::string>> RegistryStore::remove_user(const Actor& actor, std::string_view name) {
  Impl::Writing writing{*impl_};
  if (!user(name)) return Error{ErrorKind::kNotFound, "there is no user " + std::string{name}};
  if (impl_->is_last_admin(name)) return last_admin(name);
  writing.erase(Impl::kUsers, name);
  const auto sequence = writing.commit(actor, "user.delete", "user/" + std::string{name}, {}, {});
  if (!sequence) return sequence.status();
  impl_->forget_user(name);
  return Written<std::string>{std::string{name}, *sequence};
}

}  // namespace bora::admin
