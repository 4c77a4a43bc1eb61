#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "bora/status.hpp"
#include "bora/trace.hpp"
#include "connectors/http/message.hpp"

namespace bora::gateway {

/// As OutboxWriter::submit(): all or none, `done` on any thread unless an error is returned. `trace` is
/// that of the request, if it is sampled.
using SubmitMessages =
    std::function<Status(std::vector<std::string> messages, std::optional<TraceContext> trace,
                         std::function<void(Status)> done)>;

/// `POST /v1/messages` without the sockets: one message, or several divided by newlines.
///
///   202  all are durable: {"accepted":N}
///   400  a line is no message, and which; nothing of the request was taken
///   503  the outbox is full, or the disk does not take it; with Retry-After
///
/// `answer` is called once, on any thread. Threads: any.
void take_request(const http::Request& request, const SubmitMessages& submit,
                  std::function<void(http::Response)> answer);

}  // namespace bora::gateway
