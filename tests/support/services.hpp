#pragma once

#include <filesystem>
#include <string>

namespace bora::testing {

// Where the real servers are that `scripts/services up` started: from the environment (BORA_KAFKA and
// so on), else from build/services/env of this checkout.
//
// Threads: any. Fails: throws std::runtime_error that says what to run; in Catch2 that fails the test.

std::string kafka_brokers();      ///< "127.0.0.1:PORT", plain; its callers may do everything.
std::string kafka_tls_brokers();  ///< "localhost:PORT", TLS with client certificates and ACLs.
std::string kafka3_brokers();     ///< "127.0.0.1:PORT,...": three brokers. Service `kafka3`.
std::string redis_address();      ///< "127.0.0.1:PORT"
std::string kairosdb_url();       ///< "http://127.0.0.1:PORT"

/// What `scripts/certs` made: ca.pem, and NAME.pem with NAME.key for gateway, topology, operator,
/// stranger (valid, without rights) and impostor (CN=gateway, not of this CA).
std::filesystem::path certs_directory();

/// What happens to a server during a test. The others of a test run use it too: such a test needs
/// `SERIAL` in its bora_test().
enum class ServerEvent {
  kKill,    ///< SIGKILL.
  kStop,    ///< SIGTERM; returns when it has ended.
  kStart,   ///< With its data, on its port; returns when it answers.
  kPause,   ///< SIGSTOP: connections stay open, nothing is answered.
  kResume,  ///< SIGCONT.
};

/// Does it to `instance`: kafka, kafka3-1, kafka3-2, kafka3-3, redis or kairosdb, by this checkout's
/// scripts/services or the one that the environment variable BORA_SERVICES names. Takes as long as the
/// server does, seconds for a start of Kafka. Fails: throws, also when one that does not run
/// shall be killed.
void make_happen(ServerEvent event, const std::string& instance);

}  // namespace bora::testing
