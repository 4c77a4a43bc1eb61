#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "connectors/http/client.hpp"
#include "e2e/program.hpp"
#include "services/chain.hpp"
#include "services/chain_plan.hpp"
#include "support/test_certificates.hpp"
#include "topologies/coldchain/registry.hpp"

namespace bora::services {

/// The admin service as a process beside a chain, over HTTPS, and its first administrator.
/// Threads: single-owner. Fails: aborts the test when the service does not answer as it must.
class ChainAdmin {
 public:
  /// Its topics must be there. bcrypt at its cheapest.
  explicit ChainAdmin(Chain& chain);

  /// Devices and gateways as an operator provisions them: made, configured, switched on, each as its
  /// fault asks; see fault_of().
  [[nodiscard]] Cast provision(std::size_t devices, std::size_t gateways);
  /// Switched on, without limits.
  [[nodiscard]] DeviceIdentity make_device();
  [[nodiscard]] GatewayIdentity make_gateway();
  void set_state(const DeviceIdentity& device, coldchain::State state);
  void remove(const DeviceIdentity& device);
  void remove(const GatewayIdentity& gateway);
  /// The exit code.
  int stop();
  /// What its runs and its audit log wrote.
  [[nodiscard]] std::string logs() const;

 private:
  nlohmann::json call(http::Method method, const std::string& path, const nlohmann::json& body);

  testing::TestAuthority authority_;
  std::filesystem::path directory_;
  std::unique_ptr<e2e::Program> program_;
  std::unique_ptr<http::Client> client_;
  std::string token_;
};

}  // namespace bora::services
