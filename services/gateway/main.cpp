#include <memory>
#include <utility>

#include "connectors/kafka/kafka_sink.hpp"
#include "host/run.hpp"
#include "services/gateway/gateway_commands.hpp"
#include "services/gateway/gateway_options.hpp"
#include "services/gateway/gateway_parts.hpp"
#include "services/gateway/simulate_command.hpp"

int main(int argc, char** argv) {
  const bora::SystemClock clock;
  bora::gateway::GatewayOptions options;
  bora::host::Program program;
  program.name = "gateway";
  program.about = "keeps what devices send until a broker has it; simulates gateways";
  options.bind(program.settings);
  program.assemble = [&](bora::host::Assembly& assembly) -> bora::Status {
    if (options.has_output()) {
      const auto identity = options.identity();
      if (!identity) return identity.status();
      auto sink = options.sink();
      if (!sink) return sink.status();
      assembly.add(std::make_unique<bora::gateway::OutputPart>(
          options, *identity,
          [sink = *std::move(sink)] { return std::make_unique<bora::kafka::KafkaSink>(sink); },
          clock));
    }
    if (options.has_input())
      assembly.add(std::make_unique<bora::gateway::InputPart>(options, clock));
    return {};
  };
  program.commands = {bora::gateway::simulate_command(),
                      bora::gateway::input_command(options, clock),
                      bora::gateway::status_command(options, clock)};
  return bora::host::run(argc, argv, std::move(program));
}
