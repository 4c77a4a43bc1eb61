#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "bora/clock.hpp"
#include "bora/status.hpp"
#include "host/assembly.hpp"
#include "host/settings.hpp"
#include "topologies/authentication/bcrypt_pool.hpp"
#include "topologies/authentication/topology.hpp"
#include "topologies/parts/make_topics.hpp"
#include "topologies/parts/topic_plan.hpp"

namespace bora::authentication {

/// The checks of secrets as a part of a process.
class BcryptPart final : public host::Service {
 public:
  explicit BcryptPart(BcryptPoolOptions options) : options_(options) {}
  [[nodiscard]] std::string_view name() const noexcept override { return "secret checks"; }
  Status start() override;
  void stop(std::chrono::milliseconds deadline) override;
  [[nodiscard]] std::vector<host::Sample> samples() const override;
  /// Requires: started.
  [[nodiscard]] SecretVerifier& verifier() const;

 private:
  BcryptPoolOptions options_;
  std::unique_ptr<BcryptPool> pool_;
};

/// What the topology and its checks are configured by, wherever they run.
struct AuthenticationSettings {
  AuthenticationOptions topology;
  BcryptPoolOptions checks;

  /// Binds the settings `authentication.*`. Lifetime: outlives `settings`.
  void bind(host::Settings& settings);
};

/// What the program is configured by.
struct ProgramOptions {
  parts::TopicsOptions topics;
  AuthenticationSettings authentication;

  void bind(host::Settings& settings);
  /// The topics that the program needs.
  [[nodiscard]] static std::vector<parts::TopicPlan> topic_plans();
};

/// Adds the checks and the topology, on the topics and the view of the registry that are given.
/// `topics` is used now, `view` when components open. Fails: kInternal when the system gives no random
/// bytes.
[[nodiscard]] Status assemble(const AuthenticationSettings& settings, parts::TopicsPart& topics,
                              std::function<const coldchain::RegistryView&()> view,
                              host::Assembly& assembly);

/// Adds the topics, the registry, the checks and the topology.
[[nodiscard]] Status assemble(const ProgramOptions& options, const Clock& clock,
                              host::Assembly& assembly);

}  // namespace bora::authentication
