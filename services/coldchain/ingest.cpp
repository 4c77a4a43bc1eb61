#include "services/coldchain/ingest.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "bora/record_trace.hpp"
#include "connectors/log/topic_log.hpp"
#include "services/coldchain/ingest_answers.hpp"
#include "services/coldchain/report_lines.hpp"

namespace bora::ingest {

namespace {

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// "application/json" of " Application/JSON ; charset=utf-8".
std::string media_type(std::string_view header) {
  header = header.substr(0, header.find(';'));
  const std::size_t first = header.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  header = header.substr(first, header.find_last_not_of(" \t") - first + 1);
  std::string type{header};
  std::transform(type.begin(), type.end(), type.begin(), lower);
  return type;
}

bool is_readable(const http::Request& request) {
  const std::string coding = media_type(http::find_header(request.headers, "Content-Encoding"));
  if (!coding.empty() && coding != "identity") return false;
  const std::string type = media_type(http::find_header(request.headers, "Content-Type"));
  return type.empty() || type == "application/json" || type == "application/x-ndjson" ||
         type == "application/jsonl";
}

}  // namespace

AppendReports append_to(log::TopicLog& log, std::string topic) {
  return [&log, topic = std::move(topic)](const std::vector<Record>& records,
                                          std::function<void(Status)> done) -> Status {
    log::AppendBatch batch = log.new_batch();
    for (const Record& record : records)
      if (Status added = log.add(batch, topic, record); !added) return added;
    return log.submit(std::move(batch), [done = std::move(done)](log::AppendOutcome outcome) {
      done(std::move(outcome.status));
    });
  };
}

Ingest::Ingest(AppendReports append, std::uint32_t max_waiting, const Clock& clock)
    : append_(std::move(append)),
      max_waiting_(max_waiting),
      clock_(clock),
      stats_(std::make_shared<IngestStats>()) {}

void Ingest::accept(const http::Request& request, Answer answer) {
  // Counted before it is given away: who has the answer finds it in the statistics.
  Answer counted = [stats = stats_, answer = std::move(answer)](http::Response response) {
    stats->answered(response.status);
    answer(std::move(response));
  };
  if (is_draining_) return counted(draining());
  if (!is_readable(request)) return counted(unsupported_type());
  if (!stats_->try_enter(max_waiting_)) return counted(too_many_waiting());
  append(request, std::move(counted));
}

// The request counts as waiting until it is answered.
void Ingest::append(const http::Request& request, Answer answer) {
  const Instant began = clock_.now();
  Answer leave = [stats = stats_, answer = std::move(answer)](http::Response response) {
    stats->leave();
    answer(std::move(response));
  };
  ReportLines lines = read_lines(request.body, clock_.wall_now());
  if (lines.faulty_lines > 0 || lines.lines == 0) return leave(faulty(lines));
  // A trace of the sender goes on in the topologies.
  if (const auto trace = parse_traceparent(http::find_header(request.headers, kTraceparent)))
    for (Record& record : lines.records)
      set_trace(record, *trace);
  const std::uint64_t reports = lines.records.size();
  const Status queued = append_(lines.records, [stats = stats_, &clock = clock_, began, reports,
                                                bytes = request.body.size(), leave](Status status) {
    if (!status) return leave(not_durable(status));
    stats->taken(reports, bytes, clock.now() - began);
    leave(accepted(reports));
  });
  if (!queued) leave(not_queued(queued));
}

}  // namespace bora::ingest
