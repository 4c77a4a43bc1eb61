#include "services/admin/user_command.hpp"

#include <memory>
#include <ostream>
#include <string>
#include <utility>

#include <CLI/CLI.hpp>

#include "services/admin/password_input.hpp"
#include "topologies/coldchain/bcrypt.hpp"

namespace bora::admin {

namespace {

// What was typed. Shared by the two functions of a command: one declares, the other reads.
struct Typed {
  enum class What : std::uint8_t { kAdd, kList, kRemove };
  What what = What::kList;
  std::string name;
  std::string permission;
};

const Actor kConsole{.user = "console", .address = "local"};

Status add(RegistryStore& store, const Typed& typed, int cost) {
  const auto permission = parse_permission(typed.permission);
  if (!permission) return {ErrorKind::kInvalid, "--permission is one of read, write, admin"};
  if (!is_user_name(typed.name))
    return {ErrorKind::kInvalid, "a username has 1 to 64 letters, digits and . _ @ -"};
  if (store.user(typed.name))
    return {ErrorKind::kInvalid, "there is a user " + typed.name + " already"};
  const auto password = read_password();
  if (!password) return password.status();
  auto hash = coldchain::hash_password(*password, cost);
  if (!hash) return hash.status();
  return store.create_user(kConsole, typed.name, *std::move(hash), *permission).status();
}

void list(const RegistryStore& store, std::ostream& out) {
  for (const User& user : store.users())
    out << user.name << '\t' << to_string(user.permission) << '\n';
}

Status run(const AdminOptions& options, const Clock& clock, const Typed& typed, std::ostream& out) {
  const auto store = open_registry(options, clock);
  if (!store) return store.status();
  switch (typed.what) {
    case Typed::What::kAdd: return add(**store, typed, options.password_cost);
    case Typed::What::kRemove: return (*store)->remove_user(kConsole, typed.name).status();
    case Typed::What::kList: break;
  }
  list(**store, out);
  return {};
}

}  // namespace

host::Command user_command(const AdminOptions& options, const Clock& clock) {
  const auto typed = std::make_shared<Typed>();
  host::Command command;
  command.name = "user";
  command.about = "users of the admin API, while the service does not run";
  command.declare = [typed](CLI::App& app) {
    app.require_subcommand(1);
    const auto declare = [&app, typed](const char* name, const char* about, Typed::What what) {
      CLI::App* sub = app.add_subcommand(name, about);
      sub->callback([typed, what] { typed->what = what; });
      return sub;
    };
    CLI::App* adding = declare("add",
                               "adds a user; reads the password from the terminal, or "
                               "from the first line of standard input",
                               Typed::What::kAdd);
    adding->add_option("name", typed->name, "who logs in")->required();
    adding->add_option("--permission", typed->permission, "read, write or admin")->required();
    declare("list", "lists users and permissions", Typed::What::kList);
    CLI::App* removing = declare("remove", "removes a user", Typed::What::kRemove);
    removing->add_option("name", typed->name, "who logs in no more")->required();
  };
  command.run = [&options, &clock, typed](host::Invocation& invocation) {
    const Status done = run(options, clock, *typed, invocation.out);
    if (done) return 0;
    invocation.log.error("the users were not changed", {{"err", done.message()}});
    return done.error().kind == ErrorKind::kInvalid ? 2 : 1;
  };
  return command;
}

}  // namespace bora::admin
