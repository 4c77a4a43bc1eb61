#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bora/clock.hpp"
#include "connectors/http/server.hpp"
#include "host/assembly.hpp"
#include "services/gateway/gateway_options.hpp"
#include "services/gateway/input_traces.hpp"
#include "services/gateway/outbox_writer.hpp"
#include "services/gateway/output.hpp"
#include "services/gateway/socket_input.hpp"

namespace bora::gateway {

/// Takes messages at the local socket and over HTTP on loopback, into the outbox.
/// Threads: samples() and url() from any. Lifetime: `clock` outlives it.
class InputPart final : public host::Service {
 public:
  InputPart(GatewayOptions options, const Clock& clock);
  ~InputPart() override;

  [[nodiscard]] std::string_view name() const noexcept override { return "gateway input"; }
  void attach(host::ServiceHost host) override { traces_.attach(host.spans, host.trace_share); }
  Status start() override;
  void stop(std::chrono::milliseconds deadline) override;
  [[nodiscard]] std::vector<host::Sample> samples() const override;
  [[nodiscard]] std::string url() const override;

 private:
  Status start_socket();
  Status start_http();

  const GatewayOptions options_;
  const Clock& clock_;
  InputTraces traces_;
  // In the order of their making: the later ones use the earlier.
  std::unique_ptr<OutboxWriter> writer_;
  std::unique_ptr<SocketInput> socket_;
  std::unique_ptr<http::Server> server_;
};

/// Publishes what the outbox holds, on a thread of its own, into a sink that is made when it starts, and
/// again after a refused batch.
/// Threads: samples() from any. Lifetime: `clock` outlives it.
class OutputPart final : public host::Service {
 public:
  using MakeSink = Output::MakeSink;
  OutputPart(const GatewayOptions& options, GatewayIdentity identity, MakeSink make_sink,
             const Clock& clock);
  ~OutputPart() override;

  [[nodiscard]] std::string_view name() const noexcept override { return "gateway output"; }
  /// Starts whether or not a broker answers. Fails: kUnavailable when another process is the output of
  /// this outbox.
  Status start() override;
  /// What no broker has acknowledged by then stays in the outbox.
  void stop(std::chrono::milliseconds deadline) override;
  [[nodiscard]] std::vector<host::Sample> samples() const override;

 private:
  class Runner;
  const GatewayOptions options_;
  const GatewayIdentity identity_;
  const MakeSink make_sink_;
  const Clock& clock_;
  std::unique_ptr<Runner> runner_;
};

/// Opens the outbox, for writing by this process; makes its directory, for its owner alone.
[[nodiscard]] Result<std::unique_ptr<Outbox>> open_outbox(
    const GatewayOptions& options, sqlite::DatabaseOptions::Durability durability);

}  // namespace bora::gateway
