#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bora/status.hpp"
#include "connectors/redis/options.hpp"
#include "connectors/redis/stats.hpp"
#include "host/assembly.hpp"
#include "host/url.hpp"
#include "topologies/coldchain/shared_state.hpp"
#include "topologies/coldchain/state/embedded_state.hpp"

namespace bora::parts {

/// The state that topologies share, as a part of a process.
///
///   auto state = parts::make_state(options.state);
///   if (!state) return state.status();
///   ... .state = (*state)->connections() ...          // called by bolts, in open()
///   assembly.add(*std::move(state));
///
/// Threads: connections() from any; what it gives, and what that makes, by one thread each.
class StatePart : public host::Service {
 public:
  /// Makes one task's way to the state. To be called between start() and stop(), and what it made ends
  /// before stop().
  using Connect = std::function<std::unique_ptr<coldchain::SharedState>()>;
  [[nodiscard]] virtual Connect connections() = 0;
};

/// In RocksDB, for one process.
class EmbeddedStatePart final : public StatePart {
 public:
  explicit EmbeddedStatePart(coldchain::EmbeddedStateOptions options)
      : options_(std::move(options)) {}
  [[nodiscard]] std::string_view name() const noexcept override { return "state"; }
  Status start() override;
  void stop(std::chrono::milliseconds deadline) override;
  [[nodiscard]] std::vector<host::Sample> samples() const override;
  [[nodiscard]] Connect connections() override;

 private:
  const coldchain::EmbeddedStateOptions options_;
  std::unique_ptr<coldchain::EmbeddedState> state_;
};

/// In Redis, for all processes. Starts also while the server is away: topologies wait for it. Asks it
/// something every few seconds, on a thread of its own: a topology that needs nothing of it for hours
/// would not notice that it is away, and nobody be told.
class RedisStatePart final : public StatePart {
 public:
  explicit RedisStatePart(redis::RedisOptions options);
  ~RedisStatePart() override;
  [[nodiscard]] std::string_view name() const noexcept override { return "state"; }
  Status start() override;
  /// Waits for an answer that is due, for seconds at most.
  void stop(std::chrono::milliseconds) override;
  [[nodiscard]] std::vector<host::Sample> samples() const override;
  /// What the server, or the way to it, said when it was last asked.
  [[nodiscard]] std::optional<std::string> unready() const override;
  [[nodiscard]] Connect connections() override;

 private:
  class Watch;

  const redis::RedisOptions options_;
  redis::RedisStats stats_;
  std::unique_ptr<Watch> watch_;  // between start() and stop()
};

/// "rocksdb:PATH" or what redis::parse_url() reads: redis, rediss, redis+sentinel. Fails: kInvalid.
[[nodiscard]] Result<std::unique_ptr<StatePart>> make_state(const host::Url& url);

}  // namespace bora::parts
