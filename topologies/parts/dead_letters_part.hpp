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
#include "connectors/http/message.hpp"
#include "host/assembly.hpp"
#include "topologies/parts/log_part.hpp"

namespace bora::parts {

/// Dead letters of a process with the embedded log, as routes of its control plane: the part "dead
/// letters" of host/openapi.yaml. How many, the newest of a topic without their secrets, and back into
/// their topics.
/// Threads: routes on the control plane's; a replay on one of its own, one for each topic at a time.
class DeadLettersPart final : public host::Service {
 public:
  /// `topics` have dead letters. `log` is started before this part and stopped after it; `clock` outlives
  /// it.
  DeadLettersPart(std::vector<std::string> topics, LogPart& log, const Clock& clock);
  ~DeadLettersPart() override;

  [[nodiscard]] std::string_view name() const noexcept override { return "dead letters"; }
  void attach(host::ServiceHost host) override { host_ = std::move(host); }
  Status start() override { return {}; }
  /// Ends replays; what they did not write yet is not lost, another one goes on there.
  void stop(std::chrono::milliseconds deadline) override;
  void add_routes(host::ControlRoutes& routes) override;

 private:
  class Replay;

  [[nodiscard]] http::Response list() const;
  [[nodiscard]] http::Response show(const http::Request& request) const;
  [[nodiscard]] http::Response replay(const http::Request& request);
  [[nodiscard]] bool knows(const std::string& topic) const;

  const std::vector<std::string> topics_;
  LogPart& log_;
  const Clock& clock_;
  host::ServiceHost host_;
  std::mutex mutex_;
  std::map<std::string, std::unique_ptr<Replay>>
      replays_;  // guarded by mutex_; the last of each topic
};

}  // namespace bora::parts
