#include "services/coldchain/report_lines.hpp"

#include <optional>
#include <utility>

#include "topologies/coldchain/codec.hpp"

namespace bora::ingest {

namespace {

bool is_blank(std::string_view line) noexcept {
  return line.find_first_not_of(" \t\r") == std::string_view::npos;
}

void read_line(std::string_view line, std::uint64_t number, WallTime received, ReportLines& out) {
  ++out.lines;
  const auto identity = coldchain::parse_identity(coldchain::MessageKind::kReport, line);
  std::optional<coldchain::Rejection> rejection;
  if (identity)
    rejection = coldchain::check_clock_skew(identity->time, received);
  else
    rejection = identity.rejection();
  if (!rejection) {
    Record& record = out.records.emplace_back();
    record.key = coldchain::record_key(identity->device_id);
    record.value = line;
    record.timestamp = received;
    return;
  }
  ++out.faulty_lines;
  if (out.faults.size() < kMaxFaults)
    out.faults.push_back({number, rejection->reason, std::move(rejection->text)});
}

}  // namespace

ReportLines read_lines(std::string_view body, WallTime received) {
  ReportLines out;
  for (std::uint64_t number = 1; !body.empty(); ++number) {
    const std::size_t end = body.find('\n');
    std::string_view line = body.substr(0, end);
    body.remove_prefix(end == std::string_view::npos ? body.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!is_blank(line)) read_line(line, number, received, out);
  }
  return out;
}

}  // namespace bora::ingest
