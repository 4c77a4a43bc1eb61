#include "topologies/authentication/program.hpp"

#include <algorithm>
#include <utility>

#include <openssl/rand.h>

#include "spouts/dead_letter.hpp"
#include "topologies/parts/dead_letters_part.hpp"
#include "topologies/parts/registry_part.hpp"

namespace bora::authentication {

namespace {

constexpr const char* kReports = "reports";

Result<MemoKey> draw_key() {
  MemoKey key{};
  if (RAND_bytes(reinterpret_cast<unsigned char*>(key.data()), sizeof(key)) == 1) return key;
  return Error{ErrorKind::kInternal,
               "could not draw a random key: the system gives no random bytes"};
}

}  // namespace

Status BcryptPart::start() {
  pool_ = std::make_unique<BcryptPool>(options_);
  return {};
}

void BcryptPart::stop(std::chrono::milliseconds) { pool_.reset(); }

std::vector<host::Sample> BcryptPart::samples() const {
  if (!pool_) return {};
  return {{.name = "secret_checks_total",
           .help = "Secrets compared with a bcrypt hash.",
           .kind = host::Sample::Kind::kCounter,
           .value = static_cast<double>(pool_->checked())},
          {.name = "secret_checks_waiting",
           .help = "Secrets that wait to be compared.",
           .value = static_cast<double>(pool_->waiting())}};
}

SecretVerifier& BcryptPart::verifier() const {
  BORA_CHECK(pool_ != nullptr, "secrets are checked before the pool was started");
  return *pool_;
}

void AuthenticationSettings::bind(host::Settings& settings) {
  settings.bind("authentication.group", topology.group, "consumer group");
  settings.bind("authentication.device_tasks", topology.device_tasks,
                "threads that look up devices", {1, 16});
  settings.bind("authentication.gateway_tasks", topology.gateway_tasks,
                "threads that look up gateways", {1, 16});
  settings.bind("authentication.max_in_flight", topology.max_in_flight,
                "most messages in work at once", {1, 1 << 20});
  settings.bind("authentication.check_threads", checks.threads,
                "threads that compare secrets with bcrypt hashes", {1, 64});
  settings.bind("authentication.remember", topology.memo.keep,
                "time that the outcome of a check holds");
  settings.bind("authentication.commit_every", topology.spout.commit_every,
                "time between commits of offsets");
  settings.bind("authentication.retry.attempts", topology.spout.retry.attempts,
                "attempts before a message becomes a dead letter", {1, 1000});
}

void ProgramOptions::bind(host::Settings& settings) {
  topics.bind(settings);
  topics.bind_delivery(settings, "authentication");
  authentication.bind(settings);
}

std::vector<parts::TopicPlan> ProgramOptions::topic_plans() {
  // Dead letters are few and looked at by people: one partition.
  return {{.name = kReports},
          {.name = "readings"},
          {.name = "reports.rejected"},
          {.name = dead_letter_topic(kReports), .partitions = 1},
          {.name = std::string(coldchain::kRegistryTopic),
           .cleanup = parts::TopicPlan::Cleanup::kCompact}};
}

Status assemble(const AuthenticationSettings& settings, parts::TopicsPart& topics,
                std::function<const coldchain::RegistryView&()> view, host::Assembly& assembly) {
  const auto key = draw_key();
  if (!key) return key.status();
  auto checks = std::make_unique<BcryptPart>(settings.checks);
  auto topology = make_topology(
      settings.topology, {.connections = topics.connections(kReports, settings.topology.group),
                          .sinks = topics.sinks(),
                          .checks = {.view = std::move(view),
                                     .verifier = [part = checks.get()]() -> SecretVerifier& {
                                       return part->verifier();
                                     },
                                     .memo_key = *key}});
  if (!topology) return topology.status();
  assembly.add(std::move(checks));
  assembly.add(std::move(topology).value(), [](EngineOptions& engine) {
    engine.message_timeout =
        std::max(engine.message_timeout, std::chrono::milliseconds{kMessageTimeout});
  });
  return {};
}

Status assemble(const ProgramOptions& options, const Clock& clock, host::Assembly& assembly) {
  auto topics =
      parts::make_topics(options.topics, ProgramOptions::topic_plans(), "authentication", clock);
  if (!topics) return topics.status();
  auto registry = std::make_unique<parts::RegistryPart>(
      (*topics)->table(std::string(coldchain::kRegistryTopic)));
  auto& shared_topics = **topics;
  const auto view = [part = registry.get()]() -> const coldchain::RegistryView& {
    return part->view();
  };
  assembly.add(*std::move(topics));
  assembly.add(std::move(registry));
  assembly.add(std::make_unique<parts::DeadLettersPart>(std::vector{std::string{kReports}},
                                                        shared_topics, clock));
  return assemble(options.authentication, shared_topics, view, assembly);
}

}  // namespace bora::authentication
