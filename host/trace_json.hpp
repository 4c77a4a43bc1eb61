#pragma once

#include <span>
#include <string>

#include "bora/trace.hpp"

namespace bora::host {

/// An ExportTraceServiceRequest of OTLP as JSON, in one line. Each topology is a service, in the namespace
/// of the program: https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
[[nodiscard]] std::string otlp_json(std::span<const Span> spans, const std::string& program);

/// The same as events of Chrome's trace format, each followed by a comma and a line break. What is in a
/// trace is one track, topologies are processes.
[[nodiscard]] std::string chrome_events(std::span<const Span> spans);

}  // namespace bora::host
