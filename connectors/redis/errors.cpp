#include "connectors/redis/errors.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace bora::redis {

namespace {

struct Known {
  std::string_view code;
  ErrorKind kind;
  std::string_view mend;
};

constexpr std::array kKnown{
    Known{"LOADING", ErrorKind::kUnavailable, "it reads its file after a restart: try again"},
    Known{"BUSY", ErrorKind::kUnavailable, "a script of another client runs: try again"},
    Known{"MASTERDOWN", ErrorKind::kUnavailable, "it is a replica without a master: try again"},
    Known{"READONLY", ErrorKind::kUnavailable,
          "it is a replica: name the master, or give a redis+sentinel:// address"},
    Known{"NOREPLICAS", ErrorKind::kUnavailable, "too few replicas follow it: try again"},
    Known{"MISCONF", ErrorKind::kUnavailable, "it cannot save to its disk: see to the disk"},
    Known{"OOM", ErrorKind::kUnavailable, "raise its maxmemory, or give it less to hold"},
    Known{"TRYAGAIN", ErrorKind::kUnavailable, "try again"},
    Known{"CLUSTERDOWN", ErrorKind::kUnavailable, "its cluster is down: try again"},
    Known{"NOSCRIPT", ErrorKind::kNotFound, "load the script"},
    Known{"NOAUTH", ErrorKind::kInvalid, "give a password: redis://USER:PASSWORD@HOST"},
    Known{"WRONGPASS", ErrorKind::kInvalid, "give the right user and password"},
    Known{"NOPERM", ErrorKind::kInvalid, "give the user the rights"},
    Known{"WRONGTYPE", ErrorKind::kInvalid,
          "another program uses the key: give a prefix of your own, ?prefix=..."},
};

}  // namespace

Status translate(std::string_view refusal, std::string_view server) {
  const std::string_view code = refusal.substr(0, refusal.find(' '));
  const auto known = std::find_if(kKnown.begin(), kKnown.end(),
                                  [&](const Known& each) { return each.code == code; });
  std::string text = "the Redis server " + std::string(server) + " refused a command: \"" +
                     std::string(refusal) + "\"";
  // A connection limit is reported in words.
  if (refusal.find("max number of clients reached") != std::string_view::npos)
    return {ErrorKind::kUnavailable, std::move(text) + "; raise its maxclients"};
  if (known == kKnown.end()) return {ErrorKind::kInvalid, std::move(text)};
  return {known->kind, std::move(text) + "; " + std::string(known->mend)};
}

bool is_demoted(std::string_view refusal) noexcept {
  return refusal.starts_with("READONLY") || refusal.starts_with("MASTERDOWN");
}

}  // namespace bora::redis
