#include "services/coldchain/demo_prepare.hpp"

#include <chrono>
#include <fstream>
#include <string>
#include <system_error>

#include "topologies/coldchain/state/embedded_state.hpp"

namespace bora::demo {

namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr auto kAgeOfState = 2h;  // more than the grace of a new one

Status write_password(const fs::path& file, const std::string& password) {
  std::ofstream out{file};
  std::error_code failed;
  fs::permissions(file, fs::perms::owner_read | fs::perms::owner_write, failed);
  out << password << '\n';
  if (out.flush() && !failed) return {};
  return {ErrorKind::kUnavailable, "cannot write " + file.string() + "; see to the disk"};
}

Status age_state(const fs::path& path, const Clock& clock) {
  const auto state = coldchain::EmbeddedState::open({.path = path});
  if (!state) return state.status();
  coldchain::LastSeen::Known known;
  return (*state)->connect()->last_seen().find({}, clock.wall_now() - kAgeOfState, known);
}

}  // namespace

void adapt(allinone::ProgramOptions& options, const fs::path& directory) {
  const allinone::ProgramOptions defaults;
  options.data = directory.string();
  options.topics = defaults.topics;
  options.state = defaults.state;
  options.series.url = defaults.series.url;
  options.notify = defaults.notify;
  options.admin = defaults.admin;
  options.alerts.rules = defaults.alerts.rules;
  options.alerts.rules.settle = 2s;
  options.alerts.rules.look_every = 250ms;
}

Result<AdminLogin> prepare(const allinone::ProgramOptions& options, const Clock& clock) {
  const allinone::ProgramOptions placed = options.placed();
  auto login = make_administrator(placed.admin, clock);
  if (!login) return login;
  if (Status s = write_password(fs::path{placed.data} / "admin-password", login->password); !s)
    return s;
  if (Status s = age_state(placed.state.rest(), clock); !s) return s;
  return login;
}

}  // namespace bora::demo
