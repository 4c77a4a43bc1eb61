#pragma once

#include <algorithm>
#include <optional>
#include <string>

#include "bora/record.hpp"
#include "bora/trace.hpp"

namespace bora {

/// The trace that a record carries in its headers, if it is sampled.
[[nodiscard]] inline std::optional<TraceContext> trace_in(const Record& record) noexcept {
  for (const RecordHeader& header : record.headers)
    if (header.key == kTraceparent) return parse_traceparent(header.value);
  return std::nullopt;
}

/// Has the record carry `trace`, in place of the one it had.
inline void set_trace(Record& record, const TraceContext& trace) {
  auto& headers = record.headers;
  const auto found = std::find_if(headers.begin(), headers.end(), [](const RecordHeader& header) {
    return header.key == kTraceparent;
  });
  if (found != headers.end()) {
    found->value = to_traceparent(trace);
  } else {
    headers.push_back({std::string{kTraceparent}, to_traceparent(trace)});
  }
}

}  // namespace bora
