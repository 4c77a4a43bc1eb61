#pragma once

#include <cstdint>

#include "bora/status.hpp"
#include "connectors/http/message.hpp"
#include "services/coldchain/report_lines.hpp"

/// What the ingest says to its clients. None of it quotes what a client sent: that may hold secrets.
namespace bora::ingest {

/// 202
[[nodiscard]] http::Response accepted(std::uint64_t reports);
/// 400, or 413 when a line was too large: the faulty lines with number, reason and text. Requires a
/// body with a faulty line or without any.
[[nodiscard]] http::Response faulty(const ReportLines& lines);
/// 415
[[nodiscard]] http::Response unsupported_type();
/// 429
[[nodiscard]] http::Response too_many_waiting();
/// 429 for a queue that is full, 503 for anything else. Nothing was appended.
[[nodiscard]] http::Response not_queued(const Status& status);
/// 503: the reports may be in the log or not.
[[nodiscard]] http::Response not_durable(const Status& status);
/// 503
[[nodiscard]] http::Response draining();

}  // namespace bora::ingest
