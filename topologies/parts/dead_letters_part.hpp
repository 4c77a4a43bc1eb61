#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "bora/clock.hpp"
#include "bora/record.hpp"
#include "bora/status.hpp"
#include "connectors/http/message.hpp"
#include "host/assembly.hpp"
#include "topologies/parts/topics.hpp"

namespace bora::parts {

/// Dead letters of a process, in the embedded log or in Kafka, as routes of its control plane: the part
/// "dead letters" of host/openapi.yaml. How many, the newest of a topic without their secrets, and back
/// into their topics.
///
/// In Kafka the letters are those of all processes of the topology, and one replay for each topic at a time
/// is at work in any of them: they share its group.
/// Threads: routes on the control plane's, one at a time asks the topics; a replay on one of its own.
class DeadLettersPart final : public host::Service {
 public:
  /// `names` have dead letters. `topics` is started before this part and stopped after it; `clock`
  /// outlives it.
  DeadLettersPart(std::vector<std::string> names, TopicsPart& topics, const Clock& clock);
  ~DeadLettersPart() override;

  [[nodiscard]] std::string_view name() const noexcept override { return "dead letters"; }
  void attach(host::ServiceHost host) override { host_ = std::move(host); }
  Status start() override { return {}; }
  /// Ends replays; what they did not write yet is not lost, another one goes on there.
  void stop(std::chrono::milliseconds deadline) override;
  void add_routes(host::ControlRoutes& routes) override;

 private:
  class Replay;
  struct Letters;

  [[nodiscard]] http::Response list();
  [[nodiscard]] http::Response show(const http::Request& request);
  [[nodiscard]] http::Response replay(const http::Request& request);
  [[nodiscard]] bool knows(const std::string& name) const;
  [[nodiscard]] Result<Letters> find(const std::string& name);
  [[nodiscard]] Result<Letters> ask(const std::string& name);
  [[nodiscard]] Result<std::vector<SourceRecord>> read_newest(const std::string& name,
                                                              std::size_t limit);

  const std::vector<std::string> names_;
  TopicsPart& topics_;
  const Clock& clock_;
  host::ServiceHost host_;
  std::mutex mutex_;  // guards what follows
  std::unique_ptr<TopicTools> tools_;
  Status failure_;                                          // of the last question
  Instant ask_not_before_{};                                // while there is a failure
  std::map<std::string, std::unique_ptr<Replay>> replays_;  // the last of each topic
};

}  // namespace bora::parts
