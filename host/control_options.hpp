#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "host/secret.hpp"

namespace bora::host {

/// When a process counts as ready and as alive.
struct HealthLimits {
  /// An executor that has not come back for this long makes the process unready.
  std::chrono::milliseconds max_stuck{5'000};
  /// Records that the sources of a topology may be behind in a process that is ready.
  std::uint64_t max_lag = 1'000'000;
  /// An executor that has not come back for this long makes the process dead: /livez says so, and who
  /// watches it restarts it. Longer than any wait that ends by itself. 0: never.
  std::chrono::milliseconds max_stuck_alive{600'000};
};

struct ControlPlaneOptions {
  std::string address = "127.0.0.1";  ///< Anything but loopback needs TLS, or allow_remote.
  std::uint16_t port = 9400;          ///< 0: any free one, see Process::control_url().
  /// True: the address may be another than loopback without TLS, since the network is trusted. Who asks
  /// from there needs the token all the same, save for probes, /metrics and the page itself.
  bool allow_remote = false;
  /// True: from elsewhere, too, reading needs no token; changing something always does.
  bool open_reading = false;
  std::string certificate_file = {};  ///< PEM; with key_file: https.
  std::string key_file = {};
  /// What lets somebody change something, at least 16 characters. Empty: from token_file.
  Secret token = {};
  /// Made at the first start, mode 600, when it is not there. Empty: PROGRAM.token in state_directory.
  std::string token_file = {};
  /// Who changed what through the control plane, a line of JSON each. Empty: PROGRAM.audit.jsonl in
  /// state_directory.
  std::string audit_file = {};
  /// Where the two are by default; made when it is not there. When it is empty or cannot be written,
  /// and no token is given, nothing can be changed through the control plane.
  std::string state_directory = {};
  HealthLimits health = {};
};

}  // namespace bora::host
