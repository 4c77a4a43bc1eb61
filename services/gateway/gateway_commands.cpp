#include "services/gateway/gateway_commands.hpp"

#include <chrono>
#include <ostream>
#include <unistd.h>
#include <utility>

#include "services/gateway/gateway_parts.hpp"
#include "services/gateway/line_input.hpp"
#include "services/gateway/outbox_writer.hpp"
#include "topologies/coldchain/time_text.hpp"

namespace bora::gateway {
namespace {

int take_standard_input(const GatewayOptions& options, const Clock& clock, host::Log& log) {
  auto outbox = open_outbox(options, sqlite::DatabaseOptions::Durability::kFull);
  if (!outbox) {
    log.error("messages cannot be taken", {{"error", outbox.status().message()}});
    return 1;
  }
  OutboxWriter writer{*std::move(outbox), {.topic = options.topic}, clock};
  LineInput lines{
      [&](std::vector<std::string> messages) { return writer.store(std::move(messages)); }};
  const Status served = serve_lines(lines, STDIN_FILENO, STDOUT_FILENO);
  if (!served) log.error("the answers are not read", {{"error", served.message()}});
  log.info("input ended", {{"accepted", lines.accepted()}, {"not_accepted", lines.not_accepted()}});
  return served && lines.not_accepted() == 0 ? 0 : 1;
}

std::string when(const std::optional<WallTime>& time, WallTime now) {
  if (!time) return "never";
  const auto ago = std::chrono::duration_cast<std::chrono::seconds>(now - *time);
  return coldchain::format_time(*time) + ", " + std::to_string(ago.count()) + " s ago";
}

int show_status(const GatewayOptions& options, const Clock& clock, host::Invocation& invocation) {
  const auto outbox = Outbox::open_read_only(options.outbox);
  const auto summary = outbox ? (*outbox)->summary() : Result<OutboxSummary>{outbox.status()};
  if (!summary) {
    invocation.log.error("there is no outbox to show", {{"error", summary.status().message()}});
    return 1;
  }
  const WallTime now = clock.wall_now();
  std::ostream& out = invocation.out;
  out << "waiting        " << summary->rows << " messages, " << summary->bytes << " of "
      << options.max_bytes << " bytes\n";
  out << "oldest         " << (summary->oldest ? when(summary->oldest, now) : "none") << '\n';
  out << "delivered      " << summary->delivered << " messages\n";
  out << "last delivery  " << when(summary->last_delivery, now) << '\n';
  out << "last error     ";
  if (summary->last_error.empty())
    out << "none since then\n";
  else
    out << summary->last_error << " (" << when(summary->last_error_time, now) << ")\n";
  return 0;
}

}  // namespace

host::Command input_command(const GatewayOptions& options, const Clock& clock) {
  host::Command command;
  command.name = "input";
  command.about = "take messages of devices from standard input";
  command.run = [&](host::Invocation& invocation) {
    return take_standard_input(options, clock, invocation.log);
  };
  return command;
}

host::Command status_command(const GatewayOptions& options, const Clock& clock) {
  host::Command command;
  command.name = "status";
  command.about = "show what waits in the outbox, and how delivery goes";
  command.run = [&](host::Invocation& invocation) {
    return show_status(options, clock, invocation);
  };
  return command;
}

}  // namespace bora::gateway
