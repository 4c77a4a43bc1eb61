#include "support/services.hpp"

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <spawn.h>
#include <stdexcept>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace bora::testing {

namespace {

/// The value of `key`, which stands there as long as `service` is up.
std::string address(const std::string& key, const std::string& service) {
  if (const char* value = std::getenv(key.c_str()); value != nullptr && *value != '\0')
    return value;
  std::ifstream file(BORA_SERVICES_ENV);
  for (std::string line; std::getline(file, line);)
    if (line.starts_with(key + "=")) return line.substr(key.size() + 1);
  throw std::runtime_error(
      key + " is neither set nor in " BORA_SERVICES_ENV ": run scripts/services up " + service);
}

const char* command_of(ServerEvent event) {
  switch (event) {
    case ServerEvent::kKill: return "kill";
    case ServerEvent::kStop: return "stop";
    case ServerEvent::kStart: return "start";
    case ServerEvent::kPause: return "pause";
    case ServerEvent::kResume: return "resume";
  }
  return "";
}

}  // namespace

std::string kafka_brokers() { return address("BORA_KAFKA", "kafka"); }

std::string kafka_tls_brokers() { return address("BORA_KAFKA_TLS", "kafka"); }

std::string kafka3_brokers() { return address("BORA_KAFKA3", "kafka3"); }

std::string redis_address() { return address("BORA_REDIS", "redis"); }

std::string kairosdb_url() { return address("BORA_KAIROSDB", "kairosdb"); }

std::filesystem::path certs_directory() { return address("BORA_CERTS", "kafka"); }

void make_happen(ServerEvent event, const std::string& instance) {
  const char* const other = std::getenv("BORA_SERVICES");
  std::string script = other != nullptr ? other : BORA_SERVICES_SCRIPT;
  std::string command = command_of(event);
  std::string name = instance;
  std::vector<char*> arguments{script.data(), command.data(), name.data(), nullptr};
  pid_t child = -1;
  int status = 0;
  bool done =
      ::posix_spawn(&child, script.c_str(), nullptr, nullptr, arguments.data(), environ) == 0;
  while (done && ::waitpid(child, &status, 0) < 0)
    done = errno == EINTR;
  if (!done || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
    throw std::runtime_error("scripts/services " + command + " " + instance +
                             " failed: what it printed says why");
}

}  // namespace bora::testing
